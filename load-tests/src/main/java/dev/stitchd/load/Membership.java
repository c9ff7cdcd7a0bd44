package dev.stitchd.load;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// `membership`: `POST /sdk/v1/segments/membership`, one key per request, about one list or about
/// all of them; of the project that `lists` made.
final class Membership {

  private static final String PATH = "/sdk/v1/segments/membership";
  private static final int REQUESTS = 20_000;

  private final Target target;
  private final Results results;
  private final String key;
  private final int lists;
  private final int users;
  private final int connections;
  private final int threads;
  private final int pause;
  private final int warmup;
  private final int seconds;
  private final int replace;
  private final String project;

  Membership(Options options) {
    this.target = new Target(options);
    this.results = new Results(options, "membership");
    this.key = options.text("key", System.getenv().getOrDefault("LISTS_KEY", ""));
    this.lists = options.number("lists", 1);
    this.users = options.number("users", 1_000_000);
    this.connections = options.number("connections", 32);
    this.threads = options.number("threads", 1);
    this.pause = options.number("pause", 0);
    this.warmup = options.number("warmup", 5);
    this.seconds = options.number("seconds", 10);
    this.replace = options.number("replace", 0);
    this.project = options.text("project", System.getenv().getOrDefault("LISTS_PROJECT", ""));
    options.complete();
  }

  void run() throws InterruptedException, IOException {
    var requests = requests();
    try (var loop =
        new ClosedLoop(
            target.address(), connections, threads, true, n -> new Askers(requests, n * 611))) {
      loop.start();
      var _ = loop.run(warmup, false);
      var replacing = replace == 0 ? null : new Replacing(target.project(project), replace);
      var cpu = target.process().cpuSeconds();
      var measured = loop.run(seconds, true);
      if (replacing != null) {
        results.put("replaced", replacing.stop());
      }
      var latencies = Percentiles.of(measured.latencies());
      results
          .put("per_second", measured.perSecond())
          .put("p50_ms", latencies.millis(50))
          .put("p99_ms", latencies.millis(99))
          .put("p999_ms", latencies.millis(99.9))
          .put("max_ms", latencies.millis(100))
          .put("cpu_us", (target.process().cpuSeconds() - cpu) / measured.answers() * 1e6)
          .write();
    }
  }

  private List<ByteBuf> requests() {
    var requests = new ArrayList<ByteBuf>(REQUESTS);
    for (var i = 0; i < REQUESTS; i++) {
      var user = "\"user-" + (i * 48_271L % users) + "\"";
      var named = lists == 1 ? ",\"segments\":[\"list-" + i % 50 + "\"]" : "";
      var body = "{\"keys\":[" + user + "]" + named + "}";
      requests.add(Requests.json(target.address(), key, PATH, body));
    }
    return List.copyOf(requests);
  }

  /// Asks about one user after the other; fails if nobody is on any list.
  private final class Askers implements ClosedLoop.Conversation {

    private final List<ByteBuf> requests;
    private int next;
    private int asked;
    private boolean found;

    private Askers(List<ByteBuf> requests, int first) {
      this.requests = requests;
      this.next = first % requests.size();
    }

    @Override
    public ByteBuf next() {
      next = (next + 1) % requests.size();
      return requests.get(next).retainedDuplicate();
    }

    @Override
    public void answered(ResponseReader response) {
      if (response.status() != 200) {
        throw new IllegalStateException(
            "expected 200, got " + response.head() + " " + response.body());
      }
      if (!found) {
        found = response.body().contains("[\"list-");
        if (++asked > 1_000 && !found) {
          throw new IllegalStateException("nobody is on any list: " + response.body());
        }
      }
    }

    @Override
    public long pauseMillis() {
      return pause;
    }
  }
}
