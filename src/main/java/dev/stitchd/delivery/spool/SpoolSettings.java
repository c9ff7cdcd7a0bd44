package dev.stitchd.delivery.spool;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// How much of the disk events may take.
///
/// @param size the most bytes of batches on disk that ClickHouse did not take yet; nothing is ever
///   given up for its age, and when the spool is full events wait in memory
/// @param outage how long ClickHouse may take no batch of those on disk before the log says so
/// @param old how long a batch may wait on disk before the log says so, once a minute
/// @param deadSize the most bytes of dead letters; what does not fit is only logged and counted
/// @param deadFileSize when a file of dead letters is full and the next one begins
@ConfigurationProperties("stitchd.spool")
record SpoolSettings(
    @Allowed(from = "0B") @DefaultValue("1GB") DataSize size,
    @DefaultValue("10s") Duration outage,
    @DefaultValue("15m") Duration old,
    @Allowed(from = "0B") @DefaultValue("256MB") DataSize deadSize,
    @DefaultValue("16MB") DataSize deadFileSize) {

  SpoolSettings {
    if (size.toBytes() < 0 || deadSize.toBytes() < 0 || deadFileSize.toBytes() < 1) {
      throw new IllegalArgumentException(
          "stitchd.spool.size and dead-size must not be negative, dead-file-size at least 1B");
    }
    if (!old.isPositive()) {
      throw new IllegalArgumentException("stitchd.spool.old must be positive");
    }
  }
}
