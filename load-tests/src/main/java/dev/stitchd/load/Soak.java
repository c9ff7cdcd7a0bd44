package dev.stitchd.load;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/// `soak`: N streams of which some go and come back all the time, while a flag changes at a steady
/// rate. No stream may ever hear an older revision, all of them must end at the database's, and the
/// heap must not grow.
final class Soak {

  private static final String FLAG = "f";
  private static final int SETTLE_SECONDS = 30;

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
      management.stringFlag(FLAG, 0);
      var keys = management.serverKeys(Streams.keysFor(clients));
      try (var streams = new Streams(target.address(), keys, clients, threads)) {
        streams.open(rate);
        var heapBefore = target.process().liveHeapBytes();
        streams.comeBack();
        var revision = changeAndDrop(management, streams);
        var current = streams.awaitAll(revision, SETTLE_SECONDS);
        results
            .put("clients", clients)
            .put("seconds", seconds)
            .put("revision", revision)
            .put("cameBack", streams.lost())
            .put("regressions", streams.regressions())
            .put("permanentErrors", streams.permanentErrors())
            .put("notAtTheEnd", streams.notAt(revision))
            .put("heap_before_bytes", heapBefore)
            .put("heap_after_bytes", target.process().liveHeapBytes())
            .write();
        if (!current || streams.regressions() + streams.permanentErrors() > 0) {
          throw new IllegalStateException("streams ended elsewhere or went back, see above");
        }
      }
    }
  }

  private long changeAndDrop(Management management, Streams streams) throws InterruptedException {
    var start = System.nanoTime();
    var revision = 0L;
    for (var i = 0; i < (long) seconds * changes; i++) {
      revision = management.changeFlag(FLAG, i % 2 == 0 ? "b" : "a");
      for (var dropped = 0; dropped < churn / changes; dropped++) {
        streams.dropOne();
      }
      var next = start + TimeUnit.SECONDS.toNanos(1) * (i + 1) / changes;
      TimeUnit.NANOSECONDS.sleep(Math.max(0, next - System.nanoTime()));
    }
    return revision;
  }
}
