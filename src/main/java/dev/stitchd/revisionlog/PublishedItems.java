package dev.stitchd.revisionlog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
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
  /// @param epoch the installation's epoch, part of every cursor
  /// @param fromStandby whether it was read from a server in recovery, which may be behind
  record State(
      EnvironmentId environment,
      TenantId tenant,
      String environmentKey,
      JsonNode settings,
      long revision,
      long accessVersion,
      UUID epoch,
      List<Item> items,
      boolean fromStandby) {}

  /// What changed after a revision, the newest state of each changed item, in order of revision.
  ///
  /// @param revision the revision that these changes lead to
  /// @param age how long ago, by the store's own clock, the first of these was written when they
  ///   were read; zero if there are none
  /// @param fromStandby whether they were read from a server in recovery, which may be behind
  record Changes(
      long since,
      long revision,
      long accessVersion,
      List<Item> items,
      Duration age,
      boolean fromStandby) {

    /// Changes that were not read from a store with a clock.
    public Changes(long since, long revision, long accessVersion, List<Item> items) {
      this(since, revision, accessVersion, items, Duration.ZERO, false);
    }
  }

  /// Where an environment stands.
  ///
  /// @param epoch the installation's epoch, by which a node notices that another one replaced it
  /// @param fromStandby whether a server in recovery said so, which may be behind
  record Position(
      EnvironmentId environment,
      long revision,
      long accessVersion,
      UUID epoch,
      boolean fromStandby) {}

  /// Everything published in an environment; empty if there is no such environment.
  Mono<State> load(EnvironmentId environment);

  /// The log after a revision; empty if there is no such environment. An environment that is not
  /// past `revision`, or even behind it (a restored backup), answers with the revision it has and
  /// no items.
  Mono<Changes> changesSince(EnvironmentId environment, long revision);

  /// Where these environments stand, in one cheap query; environments that no longer exist are left
  /// out.
  Flux<Position> positions(Collection<EnvironmentId> environments);

  /// Replaces the installation's epoch if it is still `seen`, so that all cursors handed out before
  /// are void; the epoch now in force. Asked for by a node that sees a revision go backwards.
  Mono<UUID> replaceEpoch(UUID seen);
}
