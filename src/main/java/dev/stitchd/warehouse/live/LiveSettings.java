package dev.stitchd.warehouse.live;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Events as they arrive, for people who look.
///
/// @param watchers most that watch this node at once; more are told to come again
/// @param poll how often the newest events are asked for
/// @param lookback how long an event may take from its arrival until it can be seen in ClickHouse
/// @param rows most events shown of one poll; the others are left out, and the stream says so
/// @param longest when a watcher is sent away, to come back with a valid token
/// @param connections most connections to ClickHouse for all that, apart from those for inserts
/// @param rejectedWaiting most rejected events that wait to be written; more are left out
/// @param rejectedWrite how often those that wait are written
@ConfigurationProperties("stitchd.live")
record LiveSettings(
    @Allowed(from = "0") @DefaultValue("20") int watchers,
    @DefaultValue("500ms") Duration poll,
    @DefaultValue("5s") Duration lookback,
    @DefaultValue("200") int rows,
    @DefaultValue("15m") Duration longest,
    @DefaultValue("2") int connections,
    @Allowed(from = "0") @DefaultValue("200") int rejectedWaiting,
    @DefaultValue("500ms") Duration rejectedWrite) {

  LiveSettings {
    if (watchers < 0 || rows < 1 || connections < 1 || rejectedWaiting < 0) {
      throw new IllegalArgumentException(
          "stitchd.live.rows and connections must be at least 1, watchers and rejected-waiting at least 0");
    }
    if (!poll.isPositive()
        || !lookback.isPositive()
        || !longest.isPositive()
        || !rejectedWrite.isPositive()) {
      throw new IllegalArgumentException(
          "stitchd.live.poll, lookback, longest and rejected-write must be positive");
    }
  }

  /// Enough to know everything again that one look back can show.
  int remembered() {
    return (int) Math.min(1_000_000, rows * (2 + lookback.dividedBy(poll)));
  }
}
