package dev.stitchd.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// `adds`: a sync that adds one key with each request to one list, at a rate; counts how often SDKs
/// were told, and demands that every key is a member at the end and that the list was announced at
/// most once a second.
final class Adds {

  private static final String SEGMENT = "synced";

  private final Target target;
  private final Results results;
  private final String token;
  private final int rate;
  private final int connections;
  private final int threads;
  private final int warmup;
  private final int seconds;
  private final AtomicLong keys = new AtomicLong();

  Adds(Options options) {
    this.target = new Target(options);
    this.results = new Results(options, "adds");
    this.token = options.text("token", System.getenv().getOrDefault("STITCHD_BOOTSTRAP_TOKEN", ""));
    this.rate = options.number("rate", 1_000);
    this.connections = options.number("connections", 32);
    this.threads = options.number("threads", 1);
    this.warmup = options.number("warmup", 5);
    this.seconds = options.number("seconds", 10);
    options.complete();
  }

  void run() throws InterruptedException, IOException {
    try (var management = target.createProject()) {
      management.segment(SEGMENT);
      var sdkKey = management.serverKeys(1).getFirst();
      var path = management.environmentPath() + "/segments/" + SEGMENT + "/members";
      var senders = new ArrayList<Sender>();
      try (var loop =
          new ClosedLoop(
              target.address(), connections, threads, true, n -> sender(senders, path, n))) {
        loop.start();
        var _ = loop.run(warmup, false);
        measure(loop, management, sdkKey);
        for (var sender : senders) {
          sender.over = true;
        }
        Thread.sleep(1_000); // the last answers
      }
      check(management, senders);
    }
    results.write();
  }

  private void measure(ClosedLoop loop, Management management, String sdkKey)
      throws InterruptedException {
    var revision = management.revision(sdkKey);
    var cpu = target.process().cpuSeconds();
    var since = System.nanoTime();
    var measured = loop.run(seconds, true);
    var revisions = management.revision(sdkKey) - revision;
    var took = (System.nanoTime() - since) / 1e9;
    if (revisions > took + 1) {
      throw new IllegalStateException(revisions + " revisions in " + took + " s");
    }
    var latencies = Percentiles.of(measured.latencies());
    results
        .put("rate", rate)
        .put("per_second", measured.perSecond())
        .put("p50_ms", latencies.millis(50))
        .put("p99_ms", latencies.millis(99))
        .put("max_ms", latencies.millis(100))
        .put("revisions_per_second", revisions / took)
        .put("cpu_us", (target.process().cpuSeconds() - cpu) / measured.answers() * 1e6);
  }

  private static void check(Management management, List<Sender> senders) {
    long answered = senders.stream().mapToLong(sender -> sender.answered).sum();
    long members = management.includedMembers(SEGMENT);
    if (members < answered) {
      throw new IllegalStateException(answered + " keys were added and " + members + " are there");
    }
  }

  private Sender sender(List<Sender> senders, String path, int n) {
    var sender = new Sender(path, n * TimeUnit.SECONDS.toNanos(1) / rate);
    senders.add(sender);
    return sender;
  }

  /// Sends at its own share of the rate; what came late is made up for.
  private final class Sender implements ClosedLoop.Conversation {

    private final String path;
    private long due;
    private volatile long answered;
    private volatile boolean over;

    private Sender(String path, long offset) {
      this.path = path;
      this.due = System.nanoTime() + offset;
    }

    @Override
    public ByteBuf next() {
      if (over) {
        return null;
      }
      due += TimeUnit.SECONDS.toNanos(connections) / rate;
      var body = "{\"keys\":[\"contact-" + keys.incrementAndGet() + "\"]}";
      var head = Requests.jsonHead(target.address(), token, path, body.length());
      return Unpooled.copiedBuffer(head + body, StandardCharsets.US_ASCII);
    }

    @Override
    public void answered(ResponseReader response) {
      if (response.status() != 200) {
        throw new IllegalStateException(
            "expected 200, got " + response.head() + " " + response.body());
      }
      answered++;
    }

    @Override
    public long pauseMillis() {
      return Math.max(0, TimeUnit.NANOSECONDS.toMillis(due - System.nanoTime()));
    }
  }
}
