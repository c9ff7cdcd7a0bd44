package dev.stitchd.load;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// `soak`: N streams of which some go and come back all the time, while a flag changes at a steady
/// rate. No stream may ever hear an older revision; in the end, what each was told, put together,
/// must be what the management API says; heap and gauges must return to where they were.
final class Soak {

  private static final List<String> FLAGS = List.of("f0", "f1", "f2", "f3", "f4");
  private static final int SETTLE_SECONDS = 30;
  private static final int GONE_SECONDS = 5;
  private static final int WARM_UP_SECONDS = 10;
  private static final double MOST_GROWTH = 1.1;

  private final Target target;
  private final Results results;
  private final int clients;
  private final int seconds;
  private final int changes;
  private final int churn;
  private final int rate;
  private final int threads;

  Soak(Options options) {
    this.target = new Target(options);
    this.results = new Results(options, "soak");
    this.clients = options.number("clients", 5_000);
    this.seconds = options.number("seconds", 1_800);
    this.changes = options.number("changes", 10);
    this.churn = options.number("churn", 50);
    this.rate = options.number("rate", 1_500);
    this.threads = options.number("threads", 2);
    options.complete();
  }

  void run() throws InterruptedException, IOException {
    try (var management = target.createProject()) {
      for (var flag : FLAGS) {
        management.stringFlag(flag, 0);
      }
      var keys = management.serverKeys(Streams.keysFor(clients));
      warmUp(management, keys);
      var gaugesBefore = settledGauges(Map.of());
      double heapBefore;
      double heapAfter;
      boolean wrong;
      try (var streams = new Streams(target.address(), keys, clients, threads)) {
        streams.keepStates();
        streams.open(rate);
        heapBefore = target.process().liveHeapBytes();
        streams.comeBack();
        var revision = changeAndDrop(management, streams, seconds);
        var current = streams.awaitAll(revision, SETTLE_SECONDS);
        var others = streams.notHolding(management.published(FLAGS));
        heapAfter = target.process().liveHeapBytes();
        results
            .put("clients", clients)
            .put("seconds", seconds)
            .put("revision", revision)
            .put("cameBack", streams.lost())
            .put("regressions", streams.regressions())
            .put("misfits", streams.misfits())
            .put("permanentErrors", streams.permanentErrors())
            .put("notAtTheEnd", streams.notAt(revision))
            .put("notWhatTheDatabaseHas", others)
            .put("heap_before_bytes", heapBefore)
            .put("heap_after_bytes", heapAfter);
        wrong =
            !current
                || others > 0
                || streams.regressions() + streams.misfits() + streams.permanentErrors() > 0;
      }
      var gaugesAfter = settledGauges(gaugesBefore);
      gaugesBefore.forEach((name, value) -> results.put(name + "_before", value));
      gaugesAfter.forEach((name, value) -> results.put(name + "_after", value));
      results.write();
      check(!wrong, "streams ended elsewhere, went back or were told what does not fit");
      check(gaugesAfter.equals(gaugesBefore), "gauges did not return to where they were");
      check(!(heapAfter > heapBefore * MOST_GROWTH), "the heap has grown");
    }
  }

  /// Classes, code and caches come before the heap is measured.
  private void warmUp(Management management, List<String> keys) throws InterruptedException {
    try (var some = new Streams(target.address(), keys, Math.min(clients, 200), threads)) {
      some.open(rate);
      some.comeBack();
      var _ = changeAndDrop(management, some, WARM_UP_SECONDS);
    }
  }

  /// The gauges, once they are as expected, or after a time; if nothing is expected, when what is
  /// gone has been forgotten.
  private Map<String, Double> settledGauges(Map<String, Double> expected)
      throws InterruptedException, IOException {
    if (expected.isEmpty()) {
      Thread.sleep(TimeUnit.SECONDS.toMillis(GONE_SECONDS));
    }
    var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SETTLE_SECONDS);
    var now = target.gauges().now();
    while (!expected.isEmpty() && !now.equals(expected) && System.nanoTime() < deadline) {
      Thread.sleep(500);
      now = target.gauges().now();
    }
    return now;
  }

  private long changeAndDrop(Management management, Streams streams, int forSeconds)
      throws InterruptedException {
    var start = System.nanoTime();
    var revision = 0L;
    for (var i = 0; i < (long) forSeconds * changes; i++) {
      var flag = FLAGS.get(i % FLAGS.size());
      revision = management.changeFlag(flag, i / FLAGS.size() % 2 == 0 ? "b" : "a");
      for (var dropped = 0; dropped < churn / changes; dropped++) {
        streams.dropOne();
      }
      var next = start + TimeUnit.SECONDS.toNanos(1) * (i + 1) / changes;
      TimeUnit.NANOSECONDS.sleep(Math.max(0, next - System.nanoTime()));
    }
    return revision;
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalStateException(otherwise + ", see above");
    }
  }
}
