package dev.stitchd.delivery;

import dev.stitchd.kernel.EnvironmentId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/// A batch in the store's own encoding, together with everything it takes to store it: whoever has
/// it needs to know nothing about events, so a later version of this server can store what an
/// earlier one encoded. Immutable by agreement: nobody writes into its arrays.
///
/// @param token the batch's name; written again under it, it is stored once
/// @param table where the rows go
/// @param columns what each row holds, in order; the first two are the environment and the event's
///   id, each written as two little-endian numbers of 64 bits, the upper one first
/// @param schema the version of the store's schema that has all these columns
/// @param ends where each row ends in `data`, in order
/// @param data the rows, one after the other
public record Parcel(
    String token, String table, List<String> columns, int schema, int[] ends, byte[] data) {

  /// Environment and id.
  private static final int IDENTITY = 4 * Long.BYTES;

  public Parcel {
    columns = List.copyOf(columns);
    int from = 0;
    for (int end : ends) {
      if (end < from + IDENTITY) {
        throw new IllegalArgumentException("a row ends at " + end + " that begins at " + from);
      }
      from = end;
    }
    if (ends.length == 0 || from != data.length) {
      throw new IllegalArgumentException("the rows end at " + from + " of " + data.length);
    }
  }

  int rows() {
    return ends.length;
  }

  boolean single() {
    return ends.length == 1;
  }

  EnvironmentId environment(int row) {
    return new EnvironmentId(uuid(begin(row)));
  }

  UUID id(int row) {
    return new UUID(number(begin(row) + 16), number(begin(row) + 24));
  }

  /// Both halves, each under a name that only this split gives it; the same names that a
  /// [Shipment]'s halves have.
  List<Parcel> halves() {
    int middle = rows() / 2;
    return List.of(part(".0", 0, middle), part(".1", middle, rows()));
  }

  private Parcel part(String suffix, int from, int to) {
    int offset = begin(from);
    var shifted = Arrays.stream(ends, from, to).map(end -> end - offset).toArray();
    var bytes = Arrays.copyOfRange(data, offset, ends[to - 1]);
    return new Parcel(token + suffix, table, columns, schema, shifted, bytes);
  }

  private int begin(int row) {
    return row == 0 ? 0 : ends[row - 1];
  }

  private UUID uuid(int at) {
    return new UUID(number(at), number(at + Long.BYTES));
  }

  private long number(int at) {
    return ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getLong(at);
  }

  /// Two parcels never mean the same: each has a token of its own.
  @Override
  public String toString() {
    return "Parcel[" + token + ", " + table + ", " + rows() + " rows]";
  }
}
