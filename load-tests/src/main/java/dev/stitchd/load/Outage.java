package dev.stitchd.load;

import dev.stitchd.load.OutageSender.Phase;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// `outage`: events at a pace; ClickHouse is killed, in the middle of its absence the server is
/// killed too and started again on the same folder, ClickHouse comes back. In the end everything
/// that was acknowledged must be there exactly once, by id, and be counted once.
final class Outage {

  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final Target target;
  private final Results results;
  private final ClickHouse clickHouse;
  private final String url;
  private final String token;
  private final Node node;
  private final String stores;
  private final int batch;
  private final int rate;
  private final int connections;
  private final int before;
  private final int outage;
  private final int replayAtMost;
  private final HttpClient http = HttpClient.newHttpClient();
  private double highWater;

  Outage(Options options) {
    this.target = new Target(options);
    this.results = new Results(options, "outage");
    this.clickHouse = new ClickHouse(options);
    this.url = options.text("url", "http://127.0.0.1:8080");
    this.token = options.text("token", System.getenv().getOrDefault("STITCHD_BOOTSTRAP_TOKEN", ""));
    this.node = new Node(url, target.process().pid(), options.text("restart", ""));
    this.stores = options.text("stores", "");
    this.batch = options.number("batch", 500);
    this.rate = options.number("rate", 20_000);
    this.connections = options.number("connections", 96);
    this.before = options.number("before", 10);
    this.outage = options.number("outage", 300);
    this.replayAtMost = options.number("replay", 1_800);
    options.complete();
    if (stores.isEmpty()) {
      throw new IllegalArgumentException("outage needs --stores=<pipe to StoresOnly>");
    }
  }

  void run() throws InterruptedException, IOException {
    var management = target.createProject(); // left behind if this fails, for people to look at
    management.booleanFlag(EventBatches.FLAG);
    var key = management.serverKeys(1).getFirst();
    var start = Instant.now();
    var sender = new OutageSender(url, key, batch, rate, connections);
    TimeUnit.SECONDS.sleep(before);

    sender.phase(Phase.OUTAGE);
    tell("clickhouse kill");
    watch(outage / 2.0);
    node.kill();
    var down = System.nanoTime();
    var _ = node.start();
    var ready = (System.nanoTime() - down) / 1e9;
    watch(outage - outage / 2.0 - ready);

    tell("clickhouse start");
    await("ClickHouse", PATIENCE, () -> clickHouse.answers());
    sender.phase(Phase.REPLAY);
    var back = System.nanoTime();
    await("an empty spool", Duration.ofSeconds(replayAtMost), () -> spooled() == 0);
    var stored = (System.nanoTime() - back) / 1e9;
    sender.phase(Phase.AFTER);
    watch(before);
    sender.finish(PATIENCE);
    await("nothing in flight", PATIENCE, () -> spooled() + meter("stitchd_events_in_flight") == 0);

    var found = BlockLedger.of(clickHouse, management.environmentId(), sender.blocks(), batch);
    var sent = sender.blocks() * batch;
    var counted =
        management.countedEvaluations(
            EventBatches.FLAG, start.minusSeconds(3_600), start.plusSeconds(86_400));
    results
        .put("rate", rate)
        .put("outage_s", outage)
        .put("sent", sent)
        .put("acknowledged", sender.acknowledged() * batch)
        .put("stored", found.events())
        .put("rows", found.rows())
        .put("counted", counted)
        .put("repeated", sender.repeated() * batch)
        .put("spool_high_water_bytes", highWater)
        .put("server_down_s", ready)
        .put("all_stored_after_s", stored);
    for (var phase : Phase.values()) {
      var name = phase.name().toLowerCase(java.util.Locale.ROOT);
      var latencies = sender.latencies(phase);
      results
          .put(name + "_posts", latencies.count())
          .put(name + "_p50_ms", latencies.millis(50))
          .put(name + "_p99_ms", latencies.millis(99));
    }
    results.write();
    if (found.wrongBlocks() > 0 || found.events() != sent || counted != sent) {
      throw new IllegalStateException(
          "%d sent, %d stored, %d counted, %d blocks are not whole"
              .formatted(sent, found.events(), counted, found.wrongBlocks()));
    }
    management.close();
  }

  private void tell(String command) throws IOException {
    Files.writeString(Path.of(stores), command + "\n", StandardOpenOption.WRITE);
  }

  /// Lets time pass and keeps the most that the spool held.
  private void watch(double seconds) throws InterruptedException {
    var end = System.nanoTime() + Math.round(seconds * 1e9);
    while (System.nanoTime() < end) {
      var _ = spooled();
      Thread.sleep(200);
    }
  }

  private void await(String what, Duration patience, BooleanSupplier holds)
      throws InterruptedException {
    var end = System.nanoTime() + patience.toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(what + " did not come within " + patience);
      }
      Thread.sleep(200);
    }
  }

  /// Events on disk; not a number while the server does not answer.
  private double spooled() {
    highWater = Math.max(highWater, meter("stitchd_spool_bytes"));
    return meter("stitchd_events_spooled");
  }

  private double meter(String name) {
    return get("/metrics")
        .lines()
        .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElse(Double.NaN);
  }

  private String get(String path) {
    var request =
        HttpRequest.newBuilder(URI.create(url + path))
            .timeout(Duration.ofSeconds(5))
            .header("Authorization", "Bearer " + token)
            .build();
    try {
      var answer = http.send(request, BodyHandlers.ofString());
      return answer.statusCode() == 200 ? answer.body() : "";
    } catch (IOException _) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
