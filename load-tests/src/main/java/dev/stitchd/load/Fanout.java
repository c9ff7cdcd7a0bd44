package dev.stitchd.load;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// `fanout`: N streams held, one change per second, and the time until each stream has it.
///
/// Latencies count from the moment *before* the change's request is sent, so they include the
/// write's transaction; the write's own time and the spread between the first and the last stream
/// are shown apart. So is what a change costs that hardly anybody hears, and what held streams cost
/// without changes: what is left is the delivery itself.
final class Fanout {

  private static final int SMALLEST_FRAME = 262;
  private static final String FLAG = "f";

  /// Milliseconds between changes that only warm up.
  private static final int SHORT_INTERVAL = 25;

  /// As many streams as hear the changes whose own cost is measured.
  private static final int FEW = 10;

  private final Target target;
  private final Results results;
  private final int clients;
  private final int changes;
  private final int warmup;
  private final int frame;
  private final int rate;
  private final int threads;
  private final int interval;
  private final int idle;
  private final int stalled;
  private final int alone;
  private final int aloneInterval;
  private final int aloneWarmup;
  private final Transport transport;

  Fanout(Options options) {
    this.target = new Target(options);
    this.results = new Results(options, "fanout");
    this.clients = options.number("clients", 1_000);
    this.changes = options.number("changes", 20);
    this.warmup = options.number("warmup", 5);
    this.frame = options.number("frame", 300);
    this.rate = options.number("rate", 1_500);
    this.threads = options.number("threads", 2);
    this.interval = options.number("interval", 1_000);
    this.idle = options.number("idle", 3);
    this.stalled = options.number("stalled", 0);
    this.alone = options.number("alone", 60);
    this.aloneInterval = options.number("aloneInterval", 100);
    this.aloneWarmup = options.number("aloneWarmup", 600);
    this.transport = Transport.of(options);
    options.complete();
  }

  void run() throws InterruptedException, IOException {
    try (var management = target.createProject()) {
      management.stringFlag(FLAG, Math.max(0, frame - SMALLEST_FRAME));
      var keys = management.serverKeys(Streams.keysFor(clients + clients * stalled / 100));
      var process = target.process();

      // classes, buffers and JIT come first, so that the growth below is that of connections
      try (var some = new Streams(target.address(), keys, Math.min(clients, 200), threads, transport)) {
        some.open(rate);
      }
      var perChange = perChange(management, keys);
      Thread.sleep(1_000);
      var heapBefore = process.liveHeapBytes();
      var residentBefore = process.residentBytes();

      try (var silent =
              new Streams(target.address(), keys, Math.ceilDiv(clients * stalled, 100), 1, transport);
          var streams = new Streams(target.address(), keys, clients, threads, transport)) {
        silent.open(rate);
        silent.stopReading();
        var opening = System.nanoTime();
        streams.open(rate);
        var opened = (System.nanoTime() - opening) / 1e9;
        Thread.sleep(1_000);
        var heap = (process.liveHeapBytes() - heapBefore) / clients;
        var resident = (process.residentBytes() - residentBefore) / clients;
        change(management, streams, warmup, interval);
        var idleCpu = idleCpu(process); // now, since what is compiled meanwhile is not idle
        var from = System.nanoTime();
        var cpuBefore = process.cpuSeconds();
        var rounds = change(management, streams, changes, interval);
        var cpu = process.cpuSeconds() - cpuBefore;
        var idleMeanwhile = idleCpu / 100 * (System.nanoTime() - from) / 1e9;

        var deliveries = rounds.deliveries.toArray();
        var all = Percentiles.of(deliveries);
        var last = Percentiles.of(rounds.last.toArray());
        var spread = Percentiles.of(rounds.spread.toArray());
        results
            .put("clients", clients)
            .put("stalled", stalled * clients / 100.0)
            .put("held", streams.held() - streams.lost())
            .put("refusedAndRetried", streams.refused())
            .put("openedPerSecond", clients / opened)
            .put("frameBytes", frame)
            .put("changes", changes)
            .put("missing", (long) clients * changes - deliveries.length)
            .put("delivery_p50_ms", all.millis(50))
            .put("delivery_p99_ms", all.millis(99))
            .put("delivery_max_ms", all.millis(100))
            .put("last_p50_ms", last.millis(50))
            .put("last_p99_ms", last.millis(99))
            .put("last_max_ms", last.millis(100))
            .put("write_p50_ms", Percentiles.of(rounds.write.toArray()).millis(50))
            .put("firstToLast_p50_ms", spread.millis(50))
            .put("deliveriesPerSecond", clients / spread.millis(50) * 1e3)
            .put("cpu_us_per_delivery", cpu / deliveries.length * 1e6)
            .put(
                "cpu_us_per_delivery_alone",
                (cpu - idleMeanwhile - changes * perChange) / deliveries.length * 1e6)
            .put("cpu_ms_per_change", perChange * 1e3)
            .put("idle_cpu_percent", idleCpu)
            .put("heap_bytes_per_connection", heap)
            .put("rss_bytes_per_connection", resident)
            .write();
      }
    }
  }

  /// CPU in seconds that a change costs which hardly anybody hears. Many come before, so that the
  /// code which makes them is compiled, here and for what is measured afterwards.
  private double perChange(Management management, List<String> keys) throws InterruptedException {
    if (alone == 0) {
      return Double.NaN;
    }
    try (var few = new Streams(target.address(), keys, FEW, 1, transport)) {
      few.open(rate);
      change(management, few, aloneWarmup, SHORT_INTERVAL);
      var from = System.nanoTime();
      var before = target.process().cpuSeconds();
      change(management, few, alone, aloneInterval);
      var cpu = target.process().cpuSeconds() - before;
      var seconds = (System.nanoTime() - from) / 1e9;
      return Math.max(0, cpu - idleCpu(target.process()) / 100 * seconds) / alone;
    }
  }

  /// CPU that held, idle streams cost (heartbeats), in percent of one core.
  private double idleCpu(ServerProcess process) throws InterruptedException {
    if (idle == 0) {
      return Double.NaN;
    }
    var before = process.cpuSeconds();
    Thread.sleep(TimeUnit.SECONDS.toMillis(idle));
    return (process.cpuSeconds() - before) / idle * 100;
  }

  private Rounds change(Management management, Streams streams, int times, int interval)
      throws InterruptedException {
    var base = management.changeFlag(FLAG, "b");
    Thread.sleep(interval);
    var arrivals = streams.expect(base, times);
    var sent = new ArrayList<Long>();
    var rounds = new Rounds();
    var start = System.nanoTime();
    for (var i = 0; i < times; i++) {
      var before = System.nanoTime();
      sent.add(before);
      var revision = management.changeFlag(FLAG, i % 2 == 0 ? "a" : "b");
      rounds.write.add(System.nanoTime() - before);
      if (revision != base + i + 1) {
        throw new IllegalStateException("revision " + revision + " came, not " + (base + i + 1));
      }
      var next = start + TimeUnit.MILLISECONDS.toNanos((long) interval * (i + 1));
      TimeUnit.NANOSECONDS.sleep(Math.max(0, next - System.nanoTime()));
    }
    var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
    for (var i = 0; i < times; i++) {
      while (arrivals.missing(i) > 0 && System.nanoTime() < deadline) {
        Thread.sleep(10);
      }
      rounds.add(arrivals.of(i), sent.get(i));
    }
    return rounds;
  }

  /// What several changes took, in nanoseconds.
  private static final class Rounds {

    private final LongList deliveries = new LongList();
    private final LongList last = new LongList();
    private final LongList spread = new LongList();
    private final LongList write = new LongList();

    private void add(long[] arrivals, long sent) {
      var first = Long.MAX_VALUE;
      var latest = Long.MIN_VALUE;
      for (var at : arrivals) {
        deliveries.add(at - sent);
        first = Math.min(first, at);
        latest = Math.max(latest, at);
      }
      if (arrivals.length > 0) {
        last.add(latest - sent);
        spread.add(latest - first);
      }
    }
  }
}
