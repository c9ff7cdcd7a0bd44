package dev.stitchd.revisionlog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// What has been published to SDKs, read with the rights of the SDK plane. Failures of the store
/// arrive as [dev.stitchd.kernel.Problem.Unavailable]; values arrive on R2DBC event loops.
public interface PublishedItems {

  /// The kinds of items in an environment; the wire keeps a map of each.
  enum Kind {
    FLAG,
    SEGMENT
  }

  /// One item's whole state at a revision; `state` is null when it was removed.
  record Item(Kind kind, String key, long revision, @Nullable JsonNode state) {}

  /// An environment and everything published in it, read in one statement.
  ///
  /// @param settings the environment's settings as JSON: `allowedOrigins`, `privateAttributes`
  /// @param identity of the revision: by chance, and never the same for two, though a restored
  ///   backup gives two the same number; zero if it has none
  /// @param epoch of its history, part of every cursor
  /// @param fromStandby whether it was read from a server in recovery, which may be behind
  record State(
      EnvironmentId environment,
      TenantId tenant,
      String environmentKey,
      JsonNode settings,
      long revision,
      long accessVersion,
      long identity,
      UUID epoch,
      List<Item> items,
      boolean fromStandby) {

    /// Whether this is what an environment was on its way to where it is.
    public boolean isPartOf(Position now) {
      return now.revision() >= revision
          && now.accessVersion() == accessVersion
          && now.identityThen() == identity
          && now.epoch().equals(epoch);
    }

    /// The same, once the primary says so too.
    public State confirmed(Position now) {
      return new State(
          environment,
          tenant,
          environmentKey,
          settings,
          revision,
          accessVersion,
          identity,
          epoch,
          items,
          now.fromStandby());
    }
  }

  /// What changed after a revision, the newest state of each changed item, in order of revision.
  ///
  /// @param identityOfSince which revision the store has by that number; zero if it does not know
  /// @param revision the revision that these changes lead to
  /// @param identity of that revision
  /// @param pruned what changed after this revision is known, removals included; before it,
  ///   removals may be missing
  /// @param age how long ago, by the store's own clock, the first of these was written when they
  ///   were read; zero if there are none
  /// @param fromStandby whether they were read from a server in recovery, which may be behind
  record Changes(
      long since,
      long identityOfSince,
      long revision,
      long identity,
      long accessVersion,
      long pruned,
      List<Item> items,
      Duration age,
      boolean fromStandby) {

    /// Changes that were not read from a store with a clock.
    public Changes(long since, long revision, long accessVersion, List<Item> items) {
      this(since, 0, revision, 0, accessVersion, 0, items, Duration.ZERO, false);
    }
  }

  /// What was removed after a revision and not published again, up to the revision that was asked
  /// about; newest first.
  ///
  /// @param since the log knows no removals up to this one, or too many
  /// @param revision the environment's
  /// @param identityThen which revision the store has by the number that was asked about; zero if
  ///   it does not know
  /// @param epoch of its history
  record Removals(long since, long revision, long identityThen, UUID epoch, List<Item> items) {}

  /// Where an environment stands.
  ///
  /// @param identityThen which revision the store has by the number that was asked about; zero if
  ///   it does not know
  /// @param epoch of its history, by which a node notices that another one replaced it
  /// @param revision -1 if a server in recovery does not have the environment
  /// @param fromStandby whether a server in recovery said so, which may be behind
  record Position(
      EnvironmentId environment,
      long revision,
      long accessVersion,
      long identityThen,
      UUID epoch,
      boolean fromStandby) {}

  /// Everything published in an environment; empty if there is no such environment.
  Mono<State> load(EnvironmentId environment);

  /// Everything published in an environment, from a replica that may be a little behind, so that it
  /// has to be compared with the primary; empty if none answers in time or has it.
  default Mono<State> loadFromReplica(EnvironmentId environment, Duration within) {
    return Mono.empty();
  }

  /// The log after a revision; empty if there is no such environment. An environment that is not
  /// past `revision`, or even behind it (a restored backup), answers with the revision it has and
  /// no items.
  Mono<Changes> changesSince(EnvironmentId environment, long revision);

  /// What was removed up to a revision, as far as the log knows; empty if there is no such
  /// environment.
  ///
  /// @param most read no more, but the newest
  Mono<Removals> removals(EnvironmentId environment, long revision, int most);

  /// Where these environments stand, in one cheap query; environments that no longer exist are left
  /// out.
  ///
  /// @param held for each environment the revision whose identity is asked for
  Flux<Position> positions(Map<EnvironmentId, Long> held);

  /// Where these environments stand, whatever anybody holds of them.
  default Flux<Position> positions(Collection<EnvironmentId> environments) {
    return positions(environments.stream().collect(Collectors.toMap(e -> e, _ -> 0L)));
  }

  /// Which revision the store has by a number; zero if it does not know, empty if there is no such
  /// environment.
  Mono<Long> identity(EnvironmentId environment, long revision);

  /// Replaces an environment's epoch if it is still `seen`, so that all its cursors handed out
  /// before are void; the epoch now in force. Asked for by a node whose revision the store does not
  /// have.
  Mono<UUID> replaceEpoch(EnvironmentId environment, UUID seen);
}
