package dev.stitchd.load;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/// `grpc`: what flagd's protocols give beside HTTP's, in one run: unary evaluations beside OFREP's,
/// and streams of flag sets beside SSE streams, which are all told of the same changes.
final class Grpc {

  private static final int USERS = 1_000;
  private static final String FLAG = "checkout";
  private static final String CHANGED = "changed";
  private static final int PATIENCE_SECONDS = 30;

  private final Target target;
  private final Results results;
  private final Address grpc;
  private final int inFlight;
  private final int connections;
  private final int threads;
  private final int warmup;
  private final int seconds;
  private final int rounds;
  private final int streams;
  private final int changes;
  private final int interval;
  private final int rate;

  Grpc(Options options) {
    this.target = new Target(options);
    this.results = new Results(options, "grpc");
    this.grpc = Address.of(options.text("grpc", "http://127.0.0.1:8013"));
    this.inFlight = options.number("inFlight", 32);
    this.connections = options.number("connections", 4);
    this.threads = options.number("threads", 2);
    this.warmup = options.number("warmup", 5);
    this.seconds = options.number("seconds", 10);
    this.rounds = options.number("rounds", 3);
    this.streams = options.number("streams", 1_000);
    this.changes = options.number("changes", 20);
    this.interval = options.number("interval", 1_000);
    this.rate = options.number("rate", 1_000);
    options.complete();
  }

  void run() throws InterruptedException, IOException {
    try (var management = target.createProject()) {
      management.booleanFlag(FLAG);
      management.stringFlag(CHANGED, 0);
      var key = management.serverKeys(1).getFirst();
      evaluate(key);
      hold(management, key);
      results.write();
    }
  }

  /// OFREP and gRPC in turns.
  private void evaluate(String key) throws InterruptedException {
    var requests =
        IntStream.range(0, USERS)
            .mapToObj(user -> Evaluate.request(target.address(), key, FLAG, user))
            .toList();
    var http = new LongList();
    var unary = new LongList();
    var httpCpu = 0.0;
    var unaryCpu = 0.0;
    for (var round = 0; round < rounds; round++) {
      httpCpu += ofrep(requests, http);
      unaryCpu += resolve(key, unary);
    }
    put("ofrep", http.toArray(), httpCpu);
    put("grpc", unary.toArray(), unaryCpu);
  }

  private double ofrep(List<ByteBuf> requests, LongList latencies) throws InterruptedException {
    try (var loop =
        new ClosedLoop(
            target.address(),
            inFlight,
            threads,
            false,
            n -> new Evaluate.Asked(requests, n * 31))) {
      loop.start();
      var _ = loop.run(warmup, false);
      var cpu = target.process().cpuSeconds();
      add(latencies, loop.run(seconds, true).latencies());
      return target.process().cpuSeconds() - cpu;
    }
  }

  private double resolve(String key, LongList latencies) throws InterruptedException {
    var questions =
        IntStream.range(0, USERS).mapToObj(user -> Protobuf.question(FLAG, user)).toList();
    try (var client = new GrpcClient(grpc, key, connections)) {
      var calls = client.calls(questions, inFlight);
      var _ = calls.measure(warmup);
      var cpu = target.process().cpuSeconds();
      add(latencies, calls.measure(seconds));
      return target.process().cpuSeconds() - cpu;
    }
  }

  private static void add(LongList all, long[] some) {
    for (var one : some) {
      all.add(one);
    }
  }

  private void put(String door, long[] latencies, double cpu) {
    var all = Percentiles.of(latencies);
    results
        .put(door + "_per_second", latencies.length / (double) (seconds * rounds))
        .put(door + "_p50_ms", all.millis(50))
        .put(door + "_p99_ms", all.millis(99))
        .put(door + "_cpu_us", cpu / latencies.length * 1e6);
  }

  /// Both kinds of streams at once, all told of the same changes.
  private void hold(Management management, String key) throws InterruptedException {
    try (var sse = new Streams(target.address(), List.of(key), streams, threads);
        var client = new GrpcClient(grpc, key, GrpcClient.connectionsFor(streams))) {
      sse.open(rate);
      var sets = client.sets(streams);
      var _ = sets.await(streams, PATIENCE_SECONDS);
      Thread.sleep(interval);
      var write = new LongList();
      var lastSse = new LongList();
      var lastSync = new LongList();
      for (var change = 1; change <= changes; change++) {
        var arrivals = sse.expect(management.revision(key), 1);
        var sent = System.nanoTime();
        var _ = management.changeFlag(CHANGED, change % 2 == 1 ? "b" : "a");
        write.add(System.nanoTime() - sent);
        lastSync.add(sets.await(streams * (change + 1), PATIENCE_SECONDS) - sent);
        lastSse.add(last(arrivals) - sent);
        Thread.sleep(interval);
      }
      put("write", write);
      put("sse_last", lastSse);
      put("sync_last", lastSync);
      results.put("streams_each", streams).put("sse_held", sse.held() - sse.lost());
    }
  }

  private static long last(Streams.Arrivals arrivals) throws InterruptedException {
    var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (arrivals.missing(0) > 0) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(arrivals.missing(0) + " SSE streams heard of no change");
      }
      Thread.sleep(1);
    }
    return Arrays.stream(arrivals.of(0)).max().orElseThrow();
  }

  private void put(String what, LongList nanos) {
    var all = Percentiles.of(nanos.toArray());
    results.put(what + "_p50_ms", all.millis(50)).put(what + "_max_ms", all.millis(100));
  }
}
