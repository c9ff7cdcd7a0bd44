package dev.stitchd.warehouse;

import dev.stitchd.delivery.Batch;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.delivery.Parcel;
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
final class RowBinary {

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /// A first guess at the size of a row.
  private static final int ROW = 192;

  private byte[] bytes;
  private int length;

  private RowBinary(int capacity) {
    bytes = new byte[capacity];
  }

  /// The version of ClickHouse's schema in which all these columns exist.
  static final int SCHEMA = 2;

  private static String table(EventKind kind) {
    return switch (kind) {
      case EVALUATION -> "evaluation_events";
      case COUNT -> "flag_counts";
      case TRACK -> "track_events";
    };
  }

  /// In the order of [#row].
  private static List<String> columns(EventKind kind) {
    return switch (kind) {
      case EVALUATION ->
          List.of(
              "environment_id",
              "id",
              "at",
              "received_at",
              "source",
              "flag",
              "variant",
              "rule_id",
              "reason",
              "context_type",
              "context_key",
              "attributes");
      case COUNT ->
          List.of(
              "environment_id", "id", "at", "received_at", "source", "flag", "variant", "count");
      case TRACK ->
          List.of(
              "environment_id",
              "id",
              "at",
              "received_at",
              "source",
              "event",
              "value",
              "properties",
              "context_type",
              "context_key",
              "attributes");
    };
  }

  /// The statement that stores a parcel, of this version or an earlier one.
  static String insert(Parcel parcel) {
    return "INSERT INTO %s (%s) FORMAT RowBinary"
        .formatted(parcel.table(), String.join(", ", parcel.columns()));
  }

  static Parcel encode(Batch batch) {
    var out = new RowBinary(Math.max(64, ROW * batch.rows().size()));
    var ends = new int[batch.rows().size()];
    for (int i = 0; i < ends.length; i++) {
      out.row(batch.rows().get(i));
      ends[i] = out.length;
    }
    return new Parcel(
        batch.token(),
        table(batch.kind()),
        columns(batch.kind()),
        SCHEMA,
        ends,
        Arrays.copyOf(out.bytes, out.length));
  }

  private void row(Event event) {
    uuid(event.environment().value());
    uuid(event.id());
    time(event.at());
    time(event.receivedAt());
    source(event.source());
    switch (event) {
      case Event.Evaluation e -> {
        text(e.flag());
        text(e.variant());
        text(e.ruleId());
        text(e.reason());
        text(e.contextType());
        text(e.contextKey());
        map(e.attributes());
      }
      case Event.Count c -> {
        text(c.flag());
        text(c.variant());
        int64(c.count());
      }
      case Event.Track t -> {
        text(t.event());
        nullableFloat64(t.value());
        text(t.properties());
        text(t.contextType());
        text(t.contextKey());
        map(t.attributes());
      }
    }
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

  private void int64(long value) {
    ensure(Long.BYTES);
    LONG.set(bytes, length, value);
    length += Long.BYTES;
  }

  private void nullableFloat64(@Nullable Double value) {
    int8(value == null ? 1 : 0);
    if (value != null) {
      int64(Double.doubleToLongBits(value));
    }
  }

  private void map(Map<String, String> value) {
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

  private void text(@Nullable String value) {
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
