package dev.stitchd.ingest;

import dev.stitchd.ingest.definitions.DefinitionSettings;
import dev.stitchd.ingest.quota.QuotaSettings;
import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// Limits of `POST /sdk/v1/events`; sizes are counted after inflation.
///
/// @param arraySize the largest JSON array
/// @param linesSize the most that one NDJSON body may hold
/// @param eventSize the largest event
/// @param buffered the most that all arrays being read at once may hold
/// @param chunkEvents how many events of an NDJSON body are admitted together
/// @param chunkSize the same in bytes
/// @param chunksInFlight how many such chunks of one body may wait for their answers at once
/// @param idsRemembered how many of the latest ids of an NDJSON body are compared to tell
///   duplicates; at least a chunk's
/// @param past how old an event may be when it arrives
/// @param future how far ahead of this server's clock an event may be
/// @param rejectedListed how many rejected events an answer lists
/// @param countMost the largest count that one `count` event may carry
/// @param threads how many threads inflate and parse
/// @param definitions how environments' event definitions are held
/// @param quota how quotas are kept
@ConfigurationProperties("stitchd.ingest")
record IngestSettings(
    @Allowed(to = "1GB") @DefaultValue("10MB") DataSize arraySize,
    @DefaultValue("1GB") DataSize linesSize,
    @Allowed(to = "1GB") @DefaultValue("64KB") DataSize eventSize,
    @DefaultValue("256MB") DataSize buffered,
    @DefaultValue("2000") int chunkEvents,
    @DefaultValue("1MB") DataSize chunkSize,
    @DefaultValue("4") int chunksInFlight,
    @DefaultValue("20000") int idsRemembered,
    @Allowed(from = "0s") @DefaultValue("7d") Duration past,
    @Allowed(from = "0s") @DefaultValue("5m") Duration future,
    @Allowed(from = "0") @DefaultValue("1000") int rejectedListed,
    @DefaultValue("1000000000") long countMost,
    @Allowed(to = "1024") @DefaultValue("2") int threads,
    @DefaultValue DefinitionSettings definitions,
    @DefaultValue QuotaSettings quota) {

  IngestSettings {
    if (chunkEvents < 1 || chunksInFlight < 1 || threads < 1 || rejectedListed < 0) {
      throw new IllegalArgumentException(
          "stitchd.ingest.chunk-events, chunks-in-flight and threads must be at least 1, rejected-listed at least 0");
    }
  }
}
