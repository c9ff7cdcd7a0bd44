package dev.stitchd.warehouse.export;

import dev.stitchd.warehouse.ExportFormat;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/// Remembers the last bytes that went by, to tell a whole answer from one that an error cut off.
/// One for each subscription, which hands it from thread to thread.
final class ExportEnd {

  private final byte[] expected;
  private final boolean mayBeEmpty;
  private final byte[] last;
  private int seen;

  ExportEnd(ExportFormat format) {
    expected = format.ending().getBytes(StandardCharsets.US_ASCII);
    mayBeEmpty = format.isSliced();
    last = new byte[expected.length];
  }

  void note(ByteBuf bytes) {
    int more = Math.min(bytes.readableBytes(), last.length);
    System.arraycopy(last, more, last, 0, last.length - more);
    bytes.getBytes(bytes.writerIndex() - more, last, last.length - more, more);
    seen = Math.min(last.length, seen + more);
  }

  boolean isWhole() {
    return seen == 0 ? mayBeEmpty : java.util.Arrays.equals(last, expected);
  }
}
