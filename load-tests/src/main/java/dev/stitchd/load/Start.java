package dev.stitchd.load;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// `start`: what clients get from a server that has just started. The server is stopped and started
/// again; from the moment it says that it is ready, kept connections evaluate single flags over
/// OFREP without a pause. Flags have two rules and a rollout; none was evaluated by that process
/// before.
final class Start {

  private static final int USERS = 200;

  private final Target target;
  private final Results results;
  private final Node node;
  private final int flags;
  private final int connections;
  private final int threads;
  private final int seconds;
  private final int rounds;
  private final int warmup;

  Start(Options options) {
    this.target = new Target(options);
    this.results = new Results(options, "start");
    this.node =
        new Node(
            options.text("url", "http://127.0.0.1:8080"),
            target.process().pid(),
            options.text("restart", ""));
    this.flags = options.number("flags", 60);
    this.connections = options.number("connections", 32);
    this.threads = options.number("threads", 2);
    this.seconds = options.number("seconds", 10);
    this.rounds = options.number("rounds", 3);
    this.warmup = options.number("warmup", 5);
    options.complete();
  }

  void run() throws InterruptedException, IOException {
    try (var management = target.createProject()) {
      for (var i = 0; i < flags; i++) {
        management.booleanFlag("flag-" + i);
      }
      var requests = requests(management.serverKeys(1).getFirst());
      try (var loop = loop(requests)) { // compiles this process, not the one that is measured
        loop.start();
        var _ = loop.run(warmup, false);
      }

      node.stop();
      var started = System.nanoTime();
      var process = node.start();
      var startToReady = (System.nanoTime() - started) / 1e9;
      results
          .put("startToReady_s", startToReady)
          .put("cpu_at_ready_s", process.cpuSeconds())
          .put("rss_at_ready_mb", process.residentBytes() / 1e6);
      try (var loop = loop(requests)) {
        loop.start();
        for (var round = 1; round <= rounds; round++) {
          var measured = loop.run(seconds, true);
          var latencies = Percentiles.of(measured.latencies());
          var part = "seconds " + (round - 1) * seconds + " to " + round * seconds;
          results
              .put(part + ", per_second", measured.perSecond())
              .put(part + ", p50_ms", latencies.millis(50))
              .put(part + ", p99_ms", latencies.millis(99));
        }
      }
      results.write();
    }
  }

  private ClosedLoop loop(List<ByteBuf> requests) {
    return new ClosedLoop(
        target.address(), connections, threads, false, n -> new Evaluate.Asked(requests, n * 31));
  }

  private List<ByteBuf> requests(String key) {
    var requests = new ArrayList<ByteBuf>(flags * USERS);
    for (var user = 0; user < USERS; user++) {
      for (var flag = 0; flag < flags; flag++) {
        requests.add(Evaluate.request(target.address(), key, "flag-" + flag, user));
      }
    }
    return List.copyOf(requests);
  }
}
