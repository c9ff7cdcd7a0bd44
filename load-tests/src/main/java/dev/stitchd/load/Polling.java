package dev.stitchd.load;

import io.netty.buffer.ByteBuf;
import java.io.IOException;

/// `polling`: `GET /sdk/v1/config` over keep-alive connections, first all 200 (an outdated ETag),
/// then all 304 (the current one).
final class Polling {

  private static final int FLAG_BYTES = 470;

  private final Options options;
  private final Target target;
  private final int connections;
  private final int threads;
  private final int warmup;
  private final int seconds;
  private final int configBytes;
  private final String encoding;

  Polling(Options options) {
    this.options = options;
    this.target = new Target(options);
    this.connections = options.number("connections", 32);
    this.threads = options.number("threads", 2);
    this.warmup = options.number("warmup", 5);
    this.seconds = options.number("seconds", 10);
    this.configBytes = options.number("config", 20_000);
    this.encoding = options.text("encoding", "");
  }

  void run() throws InterruptedException, IOException {
    var hits = new Results(options, "polling");
    options.complete();
    try (var management = target.createProject()) {
      for (var i = 0; i < Math.max(1, configBytes / FLAG_BYTES); i++) {
        management.booleanFlag("flag-" + i);
      }
      var key = management.serverKeys(1).getFirst();
      var etag = etag(key);
      measure(Requests.config(target.address(), key, "\"00000000.0\"", encoding), 200, hits, "200");
      measure(Requests.config(target.address(), key, etag, encoding), 304, hits, "304");
      hits.write();
    }
  }

  private void measure(ByteBuf request, int status, Results results, String label)
      throws InterruptedException {
    try (var loop =
        new ClosedLoop(
            target.address(), connections, threads, false, _ -> new Same(request, status))) {
      loop.start();
      var _ = loop.run(warmup, false);
      var cpu = target.process().cpuSeconds();
      var measured = loop.run(seconds, true);
      var latencies = Percentiles.of(measured.latencies());
      results
          .put(label + "_per_second", measured.perSecond())
          .put(label + "_p50_ms", latencies.millis(50))
          .put(label + "_p99_ms", latencies.millis(99))
          .put(label + "_cpu_us", (target.process().cpuSeconds() - cpu) / measured.answers() * 1e6)
          .put(label + "_bytes", measured.bytes());
    }
  }

  private String etag(String key) throws InterruptedException {
    var request = Requests.config(target.address(), key, "", encoding);
    var first = new First(request);
    try (var loop = new ClosedLoop(target.address(), 1, 1, false, _ -> first)) {
      var _ = loop.runToEnd(10);
    }
    return first.etag;
  }

  /// The same request for ever.
  static final class Same implements ClosedLoop.Conversation {

    private final ByteBuf request;
    private final int status;

    Same(ByteBuf request, int status) {
      this.request = request;
      this.status = status;
    }

    @Override
    public ByteBuf next() {
      return request.retainedDuplicate();
    }

    @Override
    public void answered(ResponseReader response) {
      if (response.status() != status) {
        throw new IllegalStateException("expected " + status + ", got " + response.head());
      }
    }
  }

  /// One request, for its ETag.
  private static final class First implements ClosedLoop.Conversation {

    private final ByteBuf request;
    private boolean asked;
    private volatile String etag = "";

    private First(ByteBuf request) {
      this.request = request;
    }

    @Override
    public ByteBuf next() {
      var again = asked;
      asked = true;
      return again ? null : request.retainedDuplicate();
    }

    @Override
    public void answered(ResponseReader response) {
      var head = response.head();
      var start = head.indexOf("\r\netag:");
      if (response.status() != 200 || start < 0) {
        throw new IllegalStateException("no configuration with an ETag: " + head);
      }
      etag = head.substring(start + 7, head.indexOf("\r\n", start + 7)).strip();
    }
  }
}
