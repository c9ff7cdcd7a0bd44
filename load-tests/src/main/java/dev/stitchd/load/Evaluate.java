package dev.stitchd.load;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// `evaluate`: OFREP single evaluations of a flag with two rules, for many different users.
final class Evaluate {

  private static final int USERS = 1_000;
  private static final String FLAG = "checkout";
  private static final String[] COUNTRIES = {"DE", "FR", "US", "AT", "JP"};

  private final Target target;
  private final Results results;
  private final int connections;
  private final int threads;
  private final int warmup;
  private final int seconds;

  Evaluate(Options options) {
    this.target = new Target(options);
    this.results = new Results(options, "evaluate");
    this.connections = options.number("connections", 32);
    this.threads = options.number("threads", 2);
    this.warmup = options.number("warmup", 5);
    this.seconds = options.number("seconds", 10);
    options.complete();
  }

  void run() throws InterruptedException, IOException {
    try (var management = target.createProject()) {
      management.booleanFlag(FLAG);
      var requests = requests(management.serverKeys(1).getFirst());
      try (var loop =
          new ClosedLoop(
              target.address(), connections, threads, false, n -> new Asked(requests, n * 31))) {
        loop.start();
        var _ = loop.run(warmup, false);
        var cpu = target.process().cpuSeconds();
        var measured = loop.run(seconds, true);
        var latencies = Percentiles.of(measured.latencies());
        results
            .put("per_second", measured.perSecond())
            .put("p50_ms", latencies.millis(50))
            .put("p99_ms", latencies.millis(99))
            .put("cpu_us", (target.process().cpuSeconds() - cpu) / measured.answers() * 1e6)
            .put("bytes", measured.bytes())
            .write();
      }
    }
  }

  private List<ByteBuf> requests(String key) {
    var requests = new ArrayList<ByteBuf>(USERS);
    for (var user = 0; user < USERS; user++) {
      requests.add(request(target.address(), key, FLAG, user));
    }
    return List.copyOf(requests);
  }

  /// Asks which variant of a flag a user gets.
  static ByteBuf request(Address address, String key, String flag, int user) {
    var body =
        """
        {"context":{"targetingKey":"user-%d","email":"user-%d@example.org","country":"%s","plan":"pro"}}\
        """
            .formatted(user, user, country(user));
    return Requests.json(address, key, "/ofrep/v1/evaluate/flags/" + flag, body);
  }

  /// Where a user lives.
  static String country(int user) {
    return COUNTRIES[user % COUNTRIES.length];
  }

  /// Asks one request after the other; each must be answered with 200.
  static final class Asked implements ClosedLoop.Conversation {

    private final List<ByteBuf> requests;
    private int next;

    Asked(List<ByteBuf> requests, int first) {
      this.requests = requests;
      this.next = first;
    }

    @Override
    public ByteBuf next() {
      next = (next + 1) % requests.size();
      return requests.get(next).retainedDuplicate();
    }

    @Override
    public void answered(ResponseReader response) {
      if (response.status() != 200) {
        throw new IllegalStateException("expected 200, got " + response.head());
      }
    }
  }
}
