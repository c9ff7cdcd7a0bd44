package dev.stitchd.warehouse.clickhouse;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// What ClickHouse keeps and how it is asked; `STITCHD_WAREHOUSE_…`.
///
/// @param eventsTtl how long events are kept, by their own time; 0 for ever
/// @param rollupsTtl how long rollups are kept; never less than 45 days longer than events, so that
///   no event outlives its own; 0 for ever
/// @param rollupInterval how often closed hours are rolled up
/// @param rollupAfter how long after its end an hour counts as closed
/// @param rollupLookback how far back reopened hours are looked for: an event may be a week late,
///   and its id eight days older than that; the first look of a process goes back to the beginning
/// @param rollupRows how many events one statement rolls up, at most, beyond the first hour
/// @param reopenedHours when more hours of a question are not rolled up, all of it is answered from
///   events
/// @param exactUsers up to so many users of a flag, the number of different ones is exact; an hour
///   of a variant that has more keeps a sketch of them (about 100 kB) instead of each (8 bytes)
/// @param exports most exports at the same time on this node; more are told to come again
/// @param exportShare how many of them may be of one tenant; fewer, so that none takes all
/// @param exportSlice how many events ClickHouse deduplicates at a time for an export, at most
///   (about 100 bytes of its memory each)
/// @param parquetRows most events of a Parquet export, which cannot be made in slices
/// @param exportRetryAfter what a refused export is told to wait
/// @param sampledRows how many events are read, at most, to find samples for autocomplete
@ConfigurationProperties("stitchd.warehouse")
public record WarehouseSettings(
    @Allowed(from = "0s", to = "10000d") @DefaultValue("400d") Duration eventsTtl,
    @Allowed(from = "0s", to = "10000d") @DefaultValue("1200d") Duration rollupsTtl,
    @DefaultValue("1m") Duration rollupInterval,
    @Allowed(from = "0s") @DefaultValue("10m") Duration rollupAfter,
    @Allowed(from = "0s") @DefaultValue("17d") Duration rollupLookback,
    @DefaultValue("5000000") long rollupRows,
    @DefaultValue("500") int reopenedHours,
    @Allowed(to = "1000000") @DefaultValue("20000") int exactUsers,
    @DefaultValue("2") int exports,
    @Allowed(to = "1024") @DefaultValue("1") int exportShare,
    @DefaultValue("1000000") long exportSlice,
    @DefaultValue("10000000") long parquetRows,
    @Allowed(from = "0s") @DefaultValue("10s") Duration exportRetryAfter,
    @DefaultValue("5000000") long sampledRows) {

  /// Events may arrive a week late; what is kept shorter would vanish on arrival.
  private static final Duration SHORTEST_TTL = Duration.ofDays(8);

  /// How long events may be there after their time is over, since whole months go at once, and the
  /// hour of an id may be eight days from its event. A rollup that went before its events would be
  /// made again, and go, for ever.
  private static final Duration LONGER = Duration.ofDays(45);

  public WarehouseSettings {
    if (!eventsTtl.isZero() && eventsTtl.compareTo(SHORTEST_TTL) < 0) {
      throw new IllegalArgumentException(
          "stitchd.warehouse.events-ttl must be at least 8d, or 0 to keep events for ever");
    }
    if (rollupInterval.toMillis() < 1 || rollupAfter.isNegative() || rollupLookback.isNegative()) {
      throw new IllegalArgumentException(
          "stitchd.warehouse.rollup-interval must be positive, rollup-after and rollup-lookback not negative");
    }
    if (rollupRows < 1
        || reopenedHours < 1
        || exactUsers < 1
        || exports < 1
        || exportShare < 1
        || exportSlice < 1
        || parquetRows < 1
        || sampledRows < 1) {
      throw new IllegalArgumentException(
          "stitchd.warehouse.rollup-rows, reopened-hours, exact-users, exports, export-share, export-slice, parquet-rows and sampled-rows must be at least 1");
    }
  }

  /// How long rollups are kept in fact; 0 for ever.
  public Duration rollupsKept() {
    if (eventsTtl.isZero() || rollupsTtl.isZero()) {
      return Duration.ZERO;
    }
    var least = eventsTtl.plus(LONGER);
    return rollupsTtl.compareTo(least) < 0 ? least : rollupsTtl;
  }
}
