package dev.stitchd.ingest.definitions;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stitchd.background.OutageLog;
import dev.stitchd.catalog.event.DefinedEvents;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.snapshot.Snapshot;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// The event definitions of environments in use. They are read again when the snapshot, which the
/// change feed keeps true, has a higher access version than they have; so a change is in force
/// wherever the snapshot is, and no request asks the store otherwise. Safe from any thread.
public final class DefinitionCache {

  private static final Logger LOG = LoggerFactory.getLogger(DefinitionCache.class);

  /// Between a read that failed and the next one.
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final DefinedEvents store;
  private final DefinitionSettings settings;
  private final Scheduler timer;
  private final Cache<EnvironmentId, Definitions> held;
  private final Map<EnvironmentId, Mono<Definitions>> reading = new ConcurrentHashMap<>();

  /// Those whose definitions could just not be read: for a moment nobody else waits for them.
  private final Cache<EnvironmentId, Boolean> unread;

  private final OutageLog outage =
      new OutageLog(
          LOG,
          "Event definitions: some could not be read from PostgreSQL; the last known ones hold, and without any an environment's track events are refused with 503",
          "Event definitions: PostgreSQL answers again");

  public DefinitionCache(DefinedEvents store, DefinitionSettings settings, Scheduler timer) {
    this.store = store;
    this.settings = settings;
    this.timer = timer;
    this.held =
        Caffeine.newBuilder().maximumSize(settings.environments()).executor(Runnable::run).build();
    this.unread =
        Caffeine.newBuilder()
            .maximumSize(settings.environments())
            .expireAfterWrite(PAUSE)
            .executor(Runnable::run)
            .build();
  }

  /// The definitions that belong to a snapshot; the last known ones if the store cannot be asked,
  /// or could not a moment ago; empty if there are none of those either. Never fails.
  public Mono<Definitions> of(Snapshot snapshot) {
    return Mono.defer(() -> {
      var known = held.getIfPresent(snapshot.environment());
      if (known != null && known.isCurrent(snapshot)) {
        return Mono.just(known);
      }
      return unread.getIfPresent(snapshot.environment()) == null
          ? newer(snapshot)
          : Mono.justOrEmpty(known);
    });
  }

  /// Forgets what is held, and what is being read, because this node itself has just changed it.
  public void forget(EnvironmentId environment) {
    reading.remove(environment);
    unread.invalidate(environment);
    held.invalidate(environment);
  }

  /// A read that was under way already may have begun before the change that the snapshot knows;
  /// the next one begins after it.
  private Mono<Definitions> newer(Snapshot snapshot) {
    return underWay(snapshot)
        .flatMap(found ->
            found.isCurrent(snapshot) ? Mono.just(found) : Mono.defer(() -> underWay(snapshot)))
        .onErrorResume(failure -> {
          unread.put(snapshot.environment(), Boolean.TRUE);
          outage.failed(failure);
          return Mono.justOrEmpty(held.getIfPresent(snapshot.environment()));
        });
  }

  private Mono<Definitions> underWay(Snapshot snapshot) {
    return reading.computeIfAbsent(snapshot.environment(), _ -> read(snapshot));
  }

  /// One read for all who wait for it, which is over before any of them hears of it.
  private Mono<Definitions> read(Snapshot snapshot) {
    var self = new AtomicReference<Mono<Definitions>>();
    var read =
        store
            .load(snapshot.environment())
            .timeout(settings.readWithin(), timer)
            .map(defined -> Definitions.of(snapshot.tag(), defined))
            .doOnNext(definitions -> hold(snapshot.environment(), definitions))
            .doOnSuccess(_ -> outage.worked())
            .doOnTerminate(() -> reading.remove(snapshot.environment(), self.get()))
            .cache();
    self.set(read);
    return read;
  }

  /// A read that was overtaken by another one changes nothing.
  private void hold(EnvironmentId environment, Definitions read) {
    held.asMap()
        .merge(
            environment,
            read,
            (known, found) ->
                known.tag().equals(found.tag()) && known.accessVersion() > found.accessVersion()
                    ? known
                    : found);
  }
}
