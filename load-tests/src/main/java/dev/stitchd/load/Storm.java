package dev.stitchd.load;

import java.io.IOException;

/// `storm`: N streams held, the server killed (`kill -9`) and started again; how long until every
/// stream is back and has the newest revision. Clients wait 1 to 5 seconds before each attempt.
final class Storm {

  private static final String FLAG = "f";
  private static final double MOST_SECONDS = 20;
  private static final double MOST_GROWTH = 1.1;

  private final Target target;
  private final Results results;
  private final Node node;
  private final int clients;
  private final int rate;
  private final int threads;

  Storm(Options options) {
    this.target = new Target(options);
    this.results = new Results(options, "storm");
    this.node =
        new Node(
            options.text("url", "http://127.0.0.1:8080"),
            target.process().pid(),
            options.text("restart", ""));
    this.clients = options.number("clients", 1_000);
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
        check(
            streams.awaitAll(management.changeFlag(FLAG, "b"), 30), "not all had the first change");
        var heapBefore = target.process().liveHeapBytes();
        streams.comeBack();

        node.kill();
        var process = node.start();
        var ready = System.nanoTime();
        var revision = management.changeFlag(FLAG, "a");
        check(
            streams.awaitAll(revision, 120),
            streams.notAt(revision) + " streams are not back and current");
        var back = (System.nanoTime() - ready) / 1e9;
        var heapAfter = process.liveHeapBytes();
        results
            .put("clients", clients)
            .put("readyToAllBackAndCurrent_s", back)
            .put("attemptsRefused", streams.refused())
            .put("permanentErrors", streams.permanentErrors())
            .put("regressions", streams.regressions())
            .put("heap_before_bytes", heapBefore)
            .put("heap_after_bytes", heapAfter)
            .write();
        check(streams.permanentErrors() + streams.regressions() == 0, "errors, see above");
        check(back <= MOST_SECONDS, "not all were back and current in time, see above");
        check(!(heapAfter > heapBefore * MOST_GROWTH), "the heap has grown, see above");
      }
    }
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalStateException(otherwise);
    }
  }
}
