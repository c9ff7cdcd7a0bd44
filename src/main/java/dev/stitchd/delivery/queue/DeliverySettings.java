package dev.stitchd.delivery.queue;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// How much is held, how it is batched, how long is waited.
///
/// @param queueEvents how many events may be held at once, from admission until they are durable
/// @param queueBytes the same in bytes of heap, estimated
/// @param batchRows the most events of one insert
/// @param batchBytes the most bytes of one insert, estimated as in `queueBytes`
/// @param batchWait how long the first event of a batch waits for others
/// @param insertsInFlight how many inserts run at the same time
/// @param durableWait how long a submitter waits to hear that its events are durable
/// @param retryMin the first wait before a batch is tried again; grows exponentially, with jitter
/// @param retryMax the longest such wait
/// @param retryAfter the least that a refused submitter is told to wait; up to twice as much, so
///   that they do not return together
/// @param spoolAfter how long an insert may take before its batch goes to the spool instead
/// @param late how long after it was received an event that is stored is late: erasures that were
///   asked for meanwhile begin again; less than `STITCHD_ERASURES_SETTLE`
/// @param accounts for how many environments this node keeps an account of its own
/// @param drain how long a stopping server goes on delivering what it holds
@ConfigurationProperties("stitchd.events")
public record DeliverySettings(
    @DefaultValue("250000") int queueEvents,
    @DefaultValue("128MB") DataSize queueBytes,
    @DefaultValue("10000") int batchRows,
    @Allowed(to = "1GB") @DefaultValue("8MB") DataSize batchBytes,
    @DefaultValue("250ms") Duration batchWait,
    @DefaultValue("4") int insertsInFlight,
    @Allowed(from = "0s") @DefaultValue("10s") Duration durableWait,
    @DefaultValue("200ms") Duration retryMin,
    @DefaultValue("3s") Duration retryMax,
    @Allowed(from = "0s") @DefaultValue("2s") Duration retryAfter,
    @DefaultValue("2s") Duration spoolAfter,
    @DefaultValue("5s") Duration late,
    @DefaultValue("10000") int accounts,
    @Allowed(from = "0s") @DefaultValue("10s") Duration drain) {

  public DeliverySettings {
    if (queueEvents < 1 || batchRows < 1 || insertsInFlight < 1 || accounts < 1) {
      throw new IllegalArgumentException(
          "stitchd.events.queue-events, batch-rows, inserts-in-flight and accounts must be at least 1");
    }
    if (queueBytes.toBytes() < 1 || batchBytes.toBytes() < 1) {
      throw new IllegalArgumentException(
          "stitchd.events.queue-bytes and batch-bytes must be at least 1B");
    }
    if (!spoolAfter.isPositive()) {
      throw new IllegalArgumentException("stitchd.events.spool-after must be positive");
    }
    if (!batchWait.isPositive() || !retryMin.isPositive() || retryMax.compareTo(retryMin) < 0) {
      throw new IllegalArgumentException(
          "stitchd.events.batch-wait and retry-min must be positive, retry-max at least retry-min");
    }
  }
}
