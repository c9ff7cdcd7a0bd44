package dev.stitchd.warehouse.insert;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventColumn;
import dev.stitchd.delivery.EventKind;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Batches in ClickHouse's `RowBinary`: the same batch gives the same bytes, every time. Confined
/// to one thread.
final class RowBinary implements EventColumn.Writer {

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /// A first guess at the size of a row.
  private static final int ROW = 192;

  private byte[] bytes;
  private int length;

  private RowBinary(int capacity) {
    bytes = new byte[capacity];
  }

  /// The version of ClickHouse's schema in which all columns of all kinds exist.
  static final int SCHEMA = 2;

  /// The statement that stores a batch, of this version or an earlier one.
  static String insert(EncodedBatch batch) {
    return "INSERT INTO %s (%s) FORMAT RowBinary"
        .formatted(batch.table(), String.join(", ", batch.columns()));
  }

  static EncodedBatch encode(String token, EventKind kind, List<Event> events) {
    var out = new RowBinary(Math.max(64, ROW * events.size()));
    var ends = new int[events.size()];
    for (int i = 0; i < ends.length; i++) {
      out.row(kind, events.get(i));
      ends[i] = out.length;
    }
    return new EncodedBatch(
        token,
        kind.table(),
        kind.columnNames(),
        SCHEMA,
        ends,
        Arrays.copyOf(out.bytes, out.length));
  }

  /// First what [EventColumn#SHARED] names.
  private void row(EventKind kind, Event event) {
    uuid(event.environment().value());
    uuid(event.id());
    time(event.at());
    time(event.receivedAt());
    source(event.source());
    kind.write(event, this);
  }

  /// Two numbers, the upper half first.
  private void uuid(UUID value) {
    int64(value.getMostSignificantBits());
    int64(value.getLeastSignificantBits());
  }

  /// `DateTime64(3)`.
  private void time(Instant value) {
    int64(value.toEpochMilli());
  }

  private void source(Event.Source value) {
    int8(
        switch (value) {
          case SERVER_SDK -> 1;
          case CLIENT_SDK -> 2;
          case STITCHD -> 3;
        });
  }

  private void int8(int value) {
    ensure(1);
    bytes[length++] = (byte) value;
  }

  @Override
  public void integer(long value) {
    int64(value);
  }

  private void int64(long value) {
    ensure(Long.BYTES);
    LONG.set(bytes, length, value);
    length += Long.BYTES;
  }

  @Override
  public void nullableNumber(@Nullable Double value) {
    int8(value == null ? 1 : 0);
    if (value != null) {
      int64(Double.doubleToLongBits(value));
    }
  }

  @Override
  public void map(Map<String, String> value) {
    varint(value.size());
    for (var entry : value.entrySet()) {
      text(entry.getKey());
      text(entry.getValue());
    }
  }

  private void varint(int value) {
    int rest = value;
    while (rest >= 0x80) {
      int8(rest | 0x80);
      rest >>>= 7;
    }
    int8(rest);
  }

  @Override
  public void text(@Nullable String value) {
    if (value == null) {
      int8(0);
    } else if (!shortAscii(value)) {
      utf8(value.getBytes(StandardCharsets.UTF_8));
    }
  }

  /// Writes what nearly every text is, character by character; does nothing with others.
  private boolean shortAscii(String value) {
    int size = value.length();
    if (size >= 0x80) {
      return false;
    }
    ensure(1 + size);
    for (int i = 0; i < size; i++) {
      char c = value.charAt(i);
      if (c >= 0x80) {
        return false;
      }
      bytes[length + 1 + i] = (byte) c;
    }
    bytes[length] = (byte) size;
    length += 1 + size;
    return true;
  }

  private void utf8(byte[] utf8) {
    varint(utf8.length);
    ensure(utf8.length);
    System.arraycopy(utf8, 0, bytes, length, utf8.length);
    length += utf8.length;
  }

  private void ensure(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }
}
