package dev.stitchd.background;

import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;

/// The order in which the process starts, top to bottom, and stops, bottom to top. What stands on
/// one line stops side by side; the next line waits until that is done, or its time is over.
public enum StartOrder {
  /// PostgreSQL's schema is brought up to date, before anything reads it.
  SCHEMA,
  /// Health and metrics on a port of their own, so that they can be seen starting and draining.
  MANAGEMENT_PORT,
  /// Files that survive the process: written once more after all that keeps something in them.
  FILES,
  /// Keys that were known before the restart, before what confirms them.
  KNOWN_KEYS,
  /// Changes are listened for, keys confirmed, secrets read, quotas leased.
  CHANGES,
  /// Environments in memory are kept up to date.
  SNAPSHOTS,
  /// Streams, and what they report to other nodes.
  STREAMS,
  /// ClickHouse is watched and migrated; its connections close after the last event.
  CLICKHOUSE,
  /// Closed hours are rolled up.
  ROLLUPS,
  /// Batches on disk are found before the first event comes, and replayed until the last has left.
  SPOOL,
  /// Events go to ClickHouse; what is in memory is delivered after the last request.
  DELIVERY,
  /// What requests use or leave behind: list look-ups, counts, upkeep of lists.
  REQUEST_WORK,
  /// Connections that are left are closed: whoever keeps one is answered until then.
  CONNECTIONS,
  /// The ports for gRPC open, and close after the HTTP port.
  GRPC_SERVER,
  /// The HTTP port opens and closes. Spring's own.
  WEB_SERVER,
  /// Requests in flight are waited for. Spring's own.
  REQUESTS_IN_FLIGHT,
  /// Open streams are sent away, which requests in flight would wait for.
  STREAM_DRAIN;

  /// Spring starts low phases first and stops high phases first.
  int phase() {
    return switch (this) {
      case WEB_SERVER -> WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE;
      case REQUESTS_IN_FLIGHT -> WebServerApplicationContext.GRACEFUL_SHUTDOWN_PHASE;
      case STREAM_DRAIN -> SmartLifecycle.DEFAULT_PHASE - 512;
      default -> WEB_SERVER.phase() - WEB_SERVER.ordinal() + ordinal();
    };
  }

  /// Whether Spring does this itself.
  boolean isSprings() {
    return this == WEB_SERVER || this == REQUESTS_IN_FLIGHT;
  }
}
