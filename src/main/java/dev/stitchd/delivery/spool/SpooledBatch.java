package dev.stitchd.delivery.spool;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.kernel.Json;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// A batch as a file: a line that names the format, a line of JSON that says what is in it, where
/// each row ends (numbers of 32 bits, little-endian), the rows, and a CRC-32C of all that as a
/// number of 64 bits. `head -2` shows the lines. Pure.
///
/// @param spooledAt when it was written
record SpooledBatch(EncodedBatch batch, Instant spooledAt) {

  private static final byte[] FORMAT = "stitchd-spool 1\n".getBytes(StandardCharsets.US_ASCII);
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,62}");
  private static final Pattern TOKEN = Pattern.compile("[0-9A-Za-z.-]{1,200}");

  /// The file is not what was written.
  static final class Damaged extends Exception {
    Damaged(String what) {
      super(what, null, false, false);
    }
  }

  byte[] bytes() {
    var header = Json.writeBytes(header());
    int size =
        FORMAT.length
            + header.length
            + 1
            + Integer.BYTES * batch.rows()
            + batch.data().length
            + Long.BYTES;
    var out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.put(FORMAT).put(header).put((byte) '\n');
    for (int end : batch.ends()) {
      out.putInt(end);
    }
    out.put(batch.data());
    out.putLong(checksum(out.array(), size - Long.BYTES));
    return out.array();
  }

  private JsonNode header() {
    var header =
        Json.object()
            .put("token", batch.token())
            .put("table", batch.table())
            .put("schema", batch.schema())
            .put("rows", batch.rows())
            .put("spooledAt", spooledAt.toString());
    batch.columns().forEach(header.putArray("columns")::add);
    return header;
  }

  /// Reads what [#bytes] wrote, in this version or an earlier one.
  static SpooledBatch read(byte[] file) throws Damaged {
    if (file.length < FORMAT.length + Long.BYTES
        || !Arrays.equals(FORMAT, Arrays.copyOf(file, FORMAT.length))) {
      throw new Damaged("it does not begin as a spool file of format 1");
    }
    var in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int end = file.length - Long.BYTES;
    if (in.getLong(end) != checksum(file, end)) {
      throw new Damaged("its checksum does not match: it was cut off or changed");
    }
    try {
      return read(in.limit(end).position(FORMAT.length));
    } catch (BufferUnderflowException
        | IllegalArgumentException
        | DateTimeException
        | JacksonException e) {
      throw new Damaged("it cannot be read: " + e);
    }
  }

  private static SpooledBatch read(ByteBuffer in) {
    var header = Json.parseOwn(line(in));
    var ends = new int[header.path("rows").asInt()];
    for (int i = 0; i < ends.length; i++) {
      ends[i] = in.getInt();
    }
    var data = new byte[in.remaining()];
    in.get(data);
    var batch =
        new EncodedBatch(
            matching(TOKEN, header.path("token")),
            matching(NAME, header.path("table")),
            columns(header.path("columns")),
            header.path("schema").asInt(),
            ends,
            data);
    return new SpooledBatch(batch, Instant.parse(header.path("spooledAt").asString("")));
  }

  private static String line(ByteBuffer in) {
    int from = in.position();
    while (in.get() != '\n') {
      // on to the end of the line
    }
    return new String(in.array(), from, in.position() - 1 - from, StandardCharsets.UTF_8);
  }

  /// Names become part of a statement, so nothing else may pass for one.
  private static String matching(Pattern pattern, JsonNode text) {
    var value = text.asString("");
    if (!pattern.matcher(value).matches()) {
      throw new IllegalArgumentException("'" + value + "' is no name");
    }
    return value;
  }

  private static List<String> columns(JsonNode names) {
    var columns = new ArrayList<String>();
    names.forEach(name -> columns.add(matching(NAME, name)));
    return columns;
  }

  private static long checksum(byte[] bytes, int length) {
    var checksum = new CRC32C();
    checksum.update(bytes, 0, length);
    return checksum.getValue();
  }
}
