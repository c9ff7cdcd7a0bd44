package dev.stitchd.warehouse.export;

import dev.stitchd.kernel.Problem;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.buffer.ByteBuf;

/// Exports in numbers. An export that its client gave up is neither ended nor failed.
public final class ExportMeters {

  private final Counter ended;
  private final Counter failed;
  private final Counter refused;
  private final Counter bytes;

  public ExportMeters(ExportSlots slots, MeterRegistry registry) {
    Gauge.builder("stitchd.exports.running", slots, ExportSlots::taken)
        .description("Exports that run on this node")
        .strongReference(true)
        .register(registry);
    ended = counter(registry, "ended", "Exports that were read to their end");
    failed = counter(registry, "failed", "Exports that broke off or could not begin");
    refused = counter(registry, "refused", "Exports that were not begun, for those that run");
    bytes =
        Counter.builder("stitchd.exports.read")
            .description("Bytes of exports that ClickHouse gave and the client was handed")
            .baseUnit("bytes")
            .register(registry);
  }

  private static Counter counter(MeterRegistry registry, String name, String description) {
    return Counter.builder("stitchd.exports." + name).description(description).register(registry);
  }

  public void passed(ByteBuf piece) {
    bytes.increment(piece.readableBytes());
  }

  public void ended() {
    ended.increment();
  }

  /// What a caller asked for in vain is no failure of the export.
  public void failed(Throwable failure) {
    if (failure instanceof Problem.TooMany) {
      refused.increment();
    } else if (!(failure instanceof Problem.Invalid)) {
      failed.increment();
    }
  }
}
