package dev.stitchd.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// `ingest`: events posted as JSON arrays until the server has acknowledged all of them, which it
/// does when they are durable; then the stats route must count each exactly once. Refusals are
/// tried again with the same ids. With `live`, that many tails watch meanwhile.
final class Ingest {

  private static final int VERIFY_SECONDS = 60;

  private final Target target;
  private final Results results;
  private final int connections;
  private final int threads;
  private final int batch;
  private final int warmup;
  private final int events;
  private final int rate;
  private final int live;
  private final String url;
  private final String token;
  private final ClickHouse clickHouse;

  Ingest(Options options) {
    this.target = new Target(options);
    this.results = new Results(options, "ingest");
    this.connections = options.number("connections", 96);
    this.threads = options.number("threads", 1);
    this.batch = options.number("batch", 500);
    this.warmup = options.number("warmup", 50_000);
    this.events = options.number("events", 200_000);
    this.rate = options.number("rate", 0);
    this.live = options.number("live", 0);
    this.url = options.text("url", "http://127.0.0.1:8080");
    this.token = options.text("token", System.getenv().getOrDefault("STITCHD_BOOTSTRAP_TOKEN", ""));
    this.clickHouse = new ClickHouse(options);
    options.complete();
  }

  void run() throws InterruptedException, IOException {
    try (var management = target.createProject();
        var tails = new LiveTails(url + management.livePath(), token, live)) {
      management.booleanFlag(EventBatches.FLAG);
      var key = management.serverKeys(1).getFirst();
      var start = Instant.now();

      var counters = new Counters();
      var _ = post(key, warmup, 1, counters);
      var parts = clickHouse.partsMade();
      var cpu = target.process().cpuSeconds();
      var measured = post(key, events, 2, counters);
      cpu = target.process().cpuSeconds() - cpu;
      parts = clickHouse.partsMade() - parts;

      var sent = (long) posts(warmup) * batch + (long) posts(events) * batch;
      var verified = verify(management, start, sent);
      var posted = (double) posts(events) * batch;
      var latencies = Percentiles.of(measured.latencies());
      results
          .put("events", posted)
          .put("batch", batch)
          .put("connections", connections)
          .put("per_second", posted / measured.seconds())
          .put("post_p50_ms", latencies.millis(50))
          .put("post_p99_ms", latencies.millis(99))
          .put("cpu_us_per_event", cpu / posted * 1e6)
          .put("rate", rate == 0 ? Double.NaN : rate)
          .put("live", live == 0 ? Double.NaN : live)
          .put("shown_live", live == 0 ? Double.NaN : tails.shown())
          .put("parts_per_minute", parts / measured.seconds() * 60)
          .put("bytes_per_row", clickHouse.bytesPerRow())
          .put("refusedAndRetried", counters.refused.get())
          .put("acknowledged", counters.acknowledged.get())
          .put("counted", verified)
          .write();
      if (verified != sent || counters.acknowledged.get() != sent) {
        throw new IllegalStateException(
            "sent %d, acknowledged %d, counted %d"
                .formatted(sent, counters.acknowledged.get(), verified));
      }
    }
  }

  private int posts(int total) {
    return Math.ceilDiv(total, batch * connections) * connections;
  }

  private ClosedLoop.Measured post(String key, int total, int run, Counters counters)
      throws InterruptedException {
    var each = posts(total) / connections;
    try (var loop =
        new ClosedLoop(
            target.address(),
            connections,
            threads,
            true,
            n ->
                new Posts(
                    new EventBatches(batch, run << 8 | n),
                    head(key),
                    each,
                    batch,
                    periodNanos(),
                    counters))) {
      return loop.runToEnd(300);
    }
  }

  /// How far apart the posts of one connection begin; 0 for as fast as they are answered.
  private long periodNanos() {
    return rate == 0 ? 0 : Math.round(1e9 * batch * connections / rate);
  }

  private String head(String key) {
    return Requests.jsonHead(
        target.address(), key, "/sdk/v1/events", new EventBatches(batch, 0).length());
  }

  private static long verify(Management management, Instant start, long expected)
      throws InterruptedException {
    var from = start.minusSeconds(3600);
    var to = start.plusSeconds(7200);
    var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(VERIFY_SECONDS);
    while (true) {
      var counted = management.countedEvaluations(EventBatches.FLAG, from, to);
      if (counted >= expected || System.nanoTime() > deadline) {
        return counted;
      }
      Thread.sleep(500);
    }
  }

  /// What the server said, over all connections.
  private static final class Counters {

    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
  }

  /// A number of posts, each repeated until it is acknowledged.
  private static final class Posts implements ClosedLoop.Conversation {

    private static final int MAX_REFUSALS = 100;

    private final EventBatches batches;
    private final byte[] head;
    private final int size;
    private final long period;
    private final Counters counters;
    private long due;
    private int left;
    private int refusals;
    private boolean again;
    private long pause;
    private byte[] body = new byte[0];

    private Posts(
        EventBatches batches, String head, int posts, int size, long period, Counters counters) {
      this.batches = batches;
      this.head = head.getBytes();
      this.left = posts;
      this.size = size;
      this.period = period;
      this.counters = counters;
    }

    @Override
    public ByteBuf next() {
      if (!again) {
        if (left-- == 0) {
          return null;
        }
        body = batches.next();
      }
      return PooledByteBufAllocator.DEFAULT
          .directBuffer(head.length + body.length)
          .writeBytes(head)
          .writeBytes(body);
    }

    @Override
    public void answered(ResponseReader response) {
      again = response.status() == 503 || response.status() == 429;
      pause = 0;
      if (again) {
        refused(response);
      } else if (response.status() == 202) {
        acknowledged(response.body());
      } else {
        throw new IllegalStateException(response.head() + response.body());
      }
    }

    /// A post that is answered late does not push the ones after it: they follow at once until the
    /// pace is kept again.
    @Override
    public long pauseMillis() {
      if (pause > 0 || period == 0) {
        return pause;
      }
      long now = System.nanoTime();
      due = due == 0 ? now + ThreadLocalRandom.current().nextLong(period) : due + period;
      return Math.max(0, TimeUnit.NANOSECONDS.toMillis(due - now));
    }

    private void refused(ResponseReader response) {
      counters.refused.incrementAndGet();
      if (++refusals > MAX_REFUSALS) {
        throw new IllegalStateException("refused too often: " + response.body());
      }
      pause = 1_000;
    }

    private void acknowledged(String answer) {
      refusals = 0;
      var number = answer.replaceAll("(?s).*\"accepted\"\\s*:\\s*(\\d+).*", "$1");
      var duplicates = answer.replaceAll("(?s).*\"duplicates\"\\s*:\\s*(\\d+).*", "$1");
      var known = Long.parseLong(number) + Long.parseLong(duplicates);
      if (known != size) {
        throw new IllegalStateException("not everything was accepted: " + answer);
      }
      counters.acknowledged.addAndGet(known);
    }
  }
}
