package dev.stitchd.warehouse;

import dev.stitchd.delivery.EventKind;
import dev.stitchd.kernel.EnvironmentId;
import io.netty.buffer.ByteBuf;
import java.time.Instant;
import reactor.core.publisher.Flux;

/// Events as they are stored, each once.
public interface EventExport {

  /// What to export.
  ///
  /// @param from the first moment of events
  /// @param to the first moment that is not meant any more
  record Wanted(
      EnvironmentId environment, EventKind kind, Instant from, Instant to, ExportFormat format) {}

  /// The export's bytes, read as they are asked for, each to be released; hours of ids in order,
  /// events within them in none. Runs from subscription to its end or cancellation, which also ends
  /// it in ClickHouse. Before the first byte it fails with [dev.stitchd.kernel.Problem.TooMany] if
  /// too many run already, [dev.stitchd.kernel.Problem.Unavailable] if ClickHouse is out,
  /// [dev.stitchd.kernel.Problem.Invalid] if it would be too large for its format; after it with
  /// anything, and then what came is not whole. Emits on Netty's event loops.
  Flux<ByteBuf> bytes(Wanted wanted);
}
