package dev.stitchd.postgres;

import io.r2dbc.spi.Readable;
import reactor.core.publisher.Mono;

/// What a server says of its write-ahead log, which is how a replica is compared with its primary.
final class ReplicaRows {

  private static final String STANDING =
      """
      SELECT pg_is_in_recovery() AS standby,
             COALESCE((CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END
                       - '0/0'::pg_lsn)::bigint, -1) AS position,
             (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS started,
             %s
      """;

  private static final String HISTORY =
      """
      system_identifier AS system,
             CASE WHEN pg_is_in_recovery() THEN GREATEST(min_recovery_end_timeline, timeline_id)::bigint
                  ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint END AS timeline
        FROM pg_control_system(), pg_control_checkpoint(), pg_control_recovery()
      """;

  private static final String WITH_HISTORY = STANDING.formatted(HISTORY);
  private static final String WITHOUT_HISTORY =
      STANDING.formatted("0::bigint AS system, 0::bigint AS timeline");

  /// @param position up to where the log is written; for a server in recovery, up to where it is
  ///   replayed
  /// @param started when the server was started, in microseconds since 1970
  /// @param system which installation of PostgreSQL it is; 0 if it may not be known
  /// @param timeline of its log, which a fail-over changes; 0 if it may not be known
  record Standing(boolean standby, long position, long started, long system, long timeline) {

    private static Standing of(Readable row) {
      return new Standing(
          Columns.bool(row, "standby"),
          Columns.number(row, "position"),
          Columns.number(row, "started"),
          Columns.number(row, "system"),
          Columns.number(row, "timeline"));
    }

    /// Whether both may be of one history, as far as they may say.
    boolean isOfHistoryOf(Standing other) {
      return (system == 0 || other.system == 0 || system == other.system)
          && (timeline == 0 || other.timeline == 0 || timeline == other.timeline);
    }
  }

  private ReplicaRows() {}

  /// @param history whether the role may ask for it, which is everybody's right unless it was taken
  static Mono<Standing> standing(Session session, boolean history) {
    return session.one(history ? WITH_HISTORY : WITHOUT_HISTORY, Standing::of);
  }
}
