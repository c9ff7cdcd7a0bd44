package dev.stitchd.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/// `rowbinary`: the ceiling of ingest: the rows that `ingest` leads to, encoded beforehand and
/// inserted straight into the same table with the server's insert settings. Nothing is parsed,
/// queued or checked.
final class RowBinary {

  private static final String INSERT =
      "INSERT INTO evaluation_events (environment_id, id, at, received_at, source, flag, variant,"
          + " rule_id, reason, context_type, context_key, attributes) FORMAT RowBinary";
  private static final String SETTINGS =
      "&async_insert=0&insert_deduplicate=1&deduplicate_blocks_in_dependent_materialized_views=1&wait_end_of_query=1";

  private final URI clickHouse;
  private final Results results;
  private final int connections;
  private final int batch;
  private final int warmup;
  private final int rows;

  RowBinary(Options options) {
    this.clickHouse =
        URI.create(
            options.text("clickhouse", System.getenv().getOrDefault("STITCHD_CLICKHOUSE_URL", "")));
    this.results = new Results(options, "ingest");
    this.connections = options.number("connections", 4);
    this.batch = options.number("batch", 10_000);
    this.warmup = options.number("warmup", 200_000);
    this.rows = options.number("events", 2_000_000);
    options.complete();
  }

  void run() throws InterruptedException, IOException {
    var _ = insert(warmup);
    var measured = insert(rows);
    var latencies = Percentiles.of(measured.latencies());
    var inserted = (double) measured.answers() * batch;
    results
        .put("events", inserted)
        .put("batch", batch)
        .put("connections", connections)
        .put("per_second", inserted / measured.seconds())
        .put("post_p50_ms", latencies.millis(50))
        .put("post_p99_ms", latencies.millis(99))
        .write();
  }

  private ClosedLoop.Measured insert(int total) throws InterruptedException {
    var address = new Address(clickHouse.getHost(), clickHouse.getPort());
    var each = Math.ceilDiv(total, batch * connections);
    var token = new AtomicLong();
    var run = UUID.randomUUID();
    try (var loop =
        new ClosedLoop(
            address,
            connections,
            1,
            true,
            n ->
                new Inserts(
                    head(address),
                    new Rows(batch, n),
                    each,
                    () -> run + "-" + token.incrementAndGet()))) {
      return loop.runToEnd(300);
    }
  }

  private String head(Address address) {
    var login = clickHouse.getUserInfo() == null ? "default" : clickHouse.getUserInfo();
    var colon = login.indexOf(':');
    var user = colon < 0 ? login : login.substring(0, colon);
    return "POST /?query="
        + URLEncoder.encode(INSERT, StandardCharsets.UTF_8)
        + "&database="
        + clickHouse.getPath().substring(1)
        + SETTINGS
        + "&insert_deduplication_token=TOKEN HTTP/1.1\r\nHost: "
        + address.hostHeader()
        + "\r\nX-ClickHouse-User: "
        + user
        + (colon < 0 ? "" : "\r\nX-ClickHouse-Key: " + login.substring(colon + 1))
        + "\r\nContent-Length: LENGTH\r\n\r\n";
  }

  /// A number of inserts, each with its own token and ids.
  private static final class Inserts implements ClosedLoop.Conversation {

    private final String head;
    private final Rows rows;
    private final Supplier<String> tokens;
    private int left;

    private Inserts(String head, Rows rows, int inserts, Supplier<String> tokens) {
      this.head = head;
      this.rows = rows;
      this.left = inserts;
      this.tokens = tokens;
    }

    @Override
    public ByteBuf next() {
      if (left-- == 0) {
        return null;
      }
      var body = rows.next();
      var start =
          head.replace("TOKEN", tokens.get())
              .replace("LENGTH", Integer.toString(body.length))
              .getBytes(StandardCharsets.US_ASCII);
      return PooledByteBufAllocator.DEFAULT
          .directBuffer(start.length + body.length)
          .writeBytes(start)
          .writeBytes(body);
    }

    @Override
    public void answered(ResponseReader response) {
      if (response.status() != 200
          || response.head().contains("\r\nx-clickhouse-exception-code:")) {
        throw new IllegalStateException(response.head() + response.body());
      }
    }
  }

  /// The rows of one block, encoded once; each use gets fresh ids in place.
  private static final class Rows {

    private static final int ID_OFFSET = 16;

    private final byte[] bytes;
    private final int[] starts;
    private final ByteBuffer view;
    private long counter;

    private Rows(int size, int seed) {
      var out = ByteBuffer.allocate(size * 160).order(ByteOrder.LITTLE_ENDIAN);
      var environment = UUID.randomUUID();
      var id = UUID.randomUUID();
      var now = System.currentTimeMillis();
      starts = new int[size];
      for (var i = 0; i < size; i++) {
        starts[i] = out.position();
        out.putLong(environment.getMostSignificantBits());
        out.putLong(environment.getLeastSignificantBits());
        out.putLong(id.getMostSignificantBits());
        out.putLong(id.getLeastSignificantBits());
        out.putLong(now).putLong(now).put((byte) 1);
        text(out, EventBatches.FLAG);
        text(out, i % 10 == 0 ? "on" : "off");
        text(out, "germany");
        text(out, "SPLIT");
        text(out, "user");
        text(out, "user-%07d".formatted(Math.floorMod(seed * 7919 + i * 31, 1_000_000)));
        out.put((byte) 2); // the attributes that the events of EventBatches tell
        text(out, "country");
        text(out, "DE");
        text(out, "plan");
        text(out, "pro");
      }
      bytes = Arrays.copyOf(out.array(), out.position());
      view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private byte[] next() {
      for (var start : starts) {
        view.putLong(start + ID_OFFSET + Long.BYTES, counter++);
      }
      return bytes;
    }

    private static void text(ByteBuffer out, String text) {
      var utf8 = text.getBytes(StandardCharsets.UTF_8);
      out.put((byte) utf8.length).put(utf8); // shorter than 128 bytes, so the length is one byte
    }
  }
}
