package dev.stitchd.access;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.LastConfirmed;
import dev.stitchd.background.StartOrder;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.revisionlog.Announcement;
import dev.stitchd.revisionlog.ChangeFeed;
import dev.stitchd.revisionlog.LogFollower;
import dev.stitchd.revisionlog.PublishedItems;
import dev.stitchd.revisionlog.SafetyPoll;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Keeps the held SDK keys true: checks those of an environment when its access version rises, and
/// compares all with the store at every safety poll, so that a lost announcement or a check that
/// failed delays a revocation and never loses it.
///
/// Named in `/health/ready` while that has not worked for a while: revoked keys may be served.
@Component("sdk-keys-unconfirmed")
final class KeyWatch implements BackgroundJob, LogFollower, HealthIndicator {

  private static final Logger LOG = LoggerFactory.getLogger(KeyWatch.class);

  private final SdkKeys keys;
  private final ChangeFeed feed;
  private final PublishedItems items;
  private final SafetyPoll poll;
  private final AccessSettings settings;
  private final Scheduler timer;
  private final LastConfirmed confirmed;

  KeyWatch(
      SdkKeys keys,
      ChangeFeed feed,
      PublishedItems items,
      SafetyPoll poll,
      AccessSettings settings,
      @Qualifier("timer") Scheduler timer) {
    this.keys = keys;
    this.feed = feed;
    this.items = items;
    this.poll = poll;
    this.settings = settings;
    this.timer = timer;
    this.confirmed = new LastConfirmed(poll.confirmedWithin(), timer);
  }

  @Override
  public String name() {
    return "watch of SDK keys";
  }

  @Override
  public String withoutIt() {
    return "revoked SDK keys are not noticed";
  }

  @Override
  public StartOrder order() {
    return StartOrder.CHANGES;
  }

  @Override
  public Flux<Void> work() {
    return Flux.merge(1, announcements(), polls(), uses());
  }

  @Override
  public Health health() {
    return confirmed.health();
  }

  private Flux<Void> announcements() {
    return feed.announcements().concatMap(this::hear, 1);
  }

  /// PostgreSQL may be out meanwhile: what was used then is noted when it is back.
  private Flux<Void> uses() {
    return Flux.interval(settings.usesNoted(), timer)
        .onBackpressureDrop()
        .concatMap(_ -> keys.noteUses().onErrorResume(this::notNoted), 1);
  }

  private Mono<Void> notNoted(Throwable failure) {
    LOG.debug("SDK keys: their use could not be noted; the next attempt follows", failure);
    return Mono.empty();
  }

  private Flux<Void> polls() {
    return Flux.interval(poll.interval(), timer)
        .onBackpressureDrop()
        .concatMap(_ -> compareAll(), 1);
  }

  /// A look-up that began before the commit may still bring what held then. A key that was checked
  /// at a higher access version was so in a history that was lost: only the second answer below
  /// what was seen before is believed.
  @Override
  public Mono<Void> caughtUp(Announcement committed) {
    return keys.lookedUp()
        .then(
            switch (committed) {
              case Announcement.At(var environment, var _, var accessVersion) ->
                  Mono.defer(() -> brought(environment, accessVersion)).repeat(1).then();
              case Announcement.Removed removed -> hear(removed);
              case Announcement.Resync _ -> Mono.empty();
            });
  }

  private Mono<Void> brought(EnvironmentId environment, long accessVersion) {
    return keys.isElsewhere(environment, accessVersion)
        ? recheck(Set.of(environment))
        : Mono.empty();
  }

  private Mono<Void> hear(Announcement announcement) {
    return switch (announcement) {
      case Announcement.At(var environment, var _, var accessVersion) ->
          keys.isBehind(environment, accessVersion) ? recheck(Set.of(environment)) : Mono.empty();
      case Announcement.Removed(var environment) ->
          Mono.fromRunnable(() -> keys.forget(environment));
      case Announcement.Resync _ -> recheck(keys.heldEnvironments().keySet());
    };
  }

  private Mono<Void> compareAll() {
    var held = keys.heldEnvironments();
    if (held.isEmpty()) {
      return Mono.fromRunnable(confirmed::confirm);
    }
    return items
        .positions(held.keySet())
        .collectList()
        .filter(KeyWatch::isOfThePrimary)
        .flatMap(positions -> keys.recheck(changed(held, positions)).then(Mono.just(true)))
        .doOnNext(_ -> keys.confirmed())
        .doOnNext(_ -> confirmed.confirm())
        .onErrorComplete(KeyWatch::untilNextPoll)
        .then();
  }

  /// What a standby says neither confirms a key nor revokes it.
  private static boolean isOfThePrimary(List<PublishedItems.Position> positions) {
    return positions.stream().noneMatch(PublishedItems.Position::fromStandby);
  }

  private Mono<Void> recheck(Collection<EnvironmentId> environments) {
    return keys.recheck(environments).onErrorComplete(KeyWatch::untilNextPoll);
  }

  private static Set<EnvironmentId> changed(
      Map<EnvironmentId, Long> held, List<PublishedItems.Position> positions) {
    var changed = new HashSet<>(held.keySet());
    positions.stream()
        .filter(
            position -> held.getOrDefault(position.environment(), -1L) == position.accessVersion())
        .forEach(position -> changed.remove(position.environment()));
    return changed;
  }

  private static boolean untilNextPoll(Throwable failure) {
    LOG.debug("Held SDK keys could not be checked, the next poll tries again", failure);
    return true;
  }
}
