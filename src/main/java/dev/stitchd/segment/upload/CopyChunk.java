package dev.stitchd.segment.upload;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import reactor.core.publisher.Flux;

/// Members on their way to PostgreSQL, in the binary form of `COPY`: for each two columns, the side
/// and the key. Filled by one thread, then read by another.
public final class CopyChunk {

  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
  };
  private static final int ROW = 2 + 4 + 1 + 4;
  private static final int END = 2;
  private static final int MESSAGE = 256 * 1024;

  private static final int FIRST_CAPACITY = 64 * 1024;

  private final int mostRows;
  private final int capacity;
  private byte[] bytes;
  private int length = HEADER.length;
  private int rows;

  /// @param capacity most bytes that it holds; it begins smaller
  CopyChunk(int mostRows, int capacity) {
    this.mostRows = mostRows;
    this.capacity = Math.max(capacity, 1024);
    this.bytes = Arrays.copyOf(HEADER, Math.min(this.capacity, FIRST_CAPACITY));
  }

  public int rows() {
    return rows;
  }

  /// Whether it should be sent before another member comes.
  boolean isFull() {
    return rows == mostRows || capacity - length < ROW + MemberKeys.LONGEST + END;
  }

  /// Only while it is not full.
  void add(boolean included, byte[] from, int start, int end) {
    if (bytes.length - length < ROW + MemberKeys.LONGEST + END) {
      bytes = Arrays.copyOf(bytes, Math.min(bytes.length * 2, capacity));
    }
    bytes[length++] = 0;
    bytes[length++] = 2;
    length(1);
    bytes[length++] = (byte) (included ? 1 : 0);
    length(end - start);
    System.arraycopy(from, start, bytes, length, end - start);
    length += end - start;
    rows++;
  }

  /// The stream that `COPY` reads, in pieces; may be asked for once.
  public Flux<ByteBuf> copyData() {
    bytes[length++] = -1;
    bytes[length++] = -1;
    int pieces = (length + MESSAGE - 1) / MESSAGE;
    return Flux.range(0, pieces)
        .map(i ->
            Unpooled.wrappedBuffer(bytes, i * MESSAGE, Math.min(MESSAGE, length - i * MESSAGE)));
  }

  private void length(int value) {
    bytes[length++] = (byte) (value >>> 24);
    bytes[length++] = (byte) (value >>> 16);
    bytes[length++] = (byte) (value >>> 8);
    bytes[length++] = (byte) value;
  }
}
