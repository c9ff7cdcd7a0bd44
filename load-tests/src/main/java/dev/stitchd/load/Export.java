package dev.stitchd.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// `export`: rows put straight into ClickHouse leave through the server, and beside it straight
/// from ClickHouse, both read by `curl`, taking turns: the same columns, once deduplicated by the
/// same clause and once not at all.
final class Export {

  private static final long HOURS = 20;

  private static final String FILL =
      """
      INSERT INTO evaluation_events (environment_id, flag, variant, rule_id, reason, context_type, context_key, attributes, at, id, source, received_at)
      SELECT '%1$s', 'flag-' || toString(number %% 20), ['on', 'off'][1 + number %% 2], 'germany', 'SPLIT', 'user',
             'user-' || toString(cityHash64(number) %% 200000), map('country', ['DE', 'FR', 'US'][1 + number %% 3], 'plan', 'pro'),
             fromUnixTimestamp64Milli(toInt64(%2$d + intDiv(number * %3$d, %4$d))) AS moment, generateUUIDv4(), 'server_sdk', moment
      FROM numbers(%4$d)
      SETTINGS max_block_size = 50000, min_insert_block_size_rows = 50000, min_insert_block_size_bytes = 0, max_threads = 1
      """;

  private static final String SAME =
      "SELECT toString(e.id) AS id, e.at AS at, e.received_at AS receivedAt, e.flag AS flag, e.variant AS variant, e.rule_id AS ruleId, e.reason AS reason, e.context_type AS contextType, e.context_key AS contextKey, %s AS attributes, toString(e.source) AS source FROM evaluation_events AS e WHERE e.environment_id = '%s' %s FORMAT %s";

  private final Target target;
  private final ClickHouse clickHouse;
  private final String file;
  private final int rows;
  private final int rounds;
  private final int warmup;
  private final String format;
  private final String token;
  private final String url;

  Export(Options options) {
    this.target = new Target(options);
    this.clickHouse = new ClickHouse(options);
    this.rows = options.number("rows", 1_000_000);
    this.rounds = options.number("rounds", 3);
    this.warmup = options.number("warmup", 0);
    this.format = options.text("format", "ndjson");
    this.url = options.text("url", "http://127.0.0.1:8080");
    this.token = options.text("token", System.getenv().getOrDefault("STITCHD_BOOTSTRAP_TOKEN", ""));
    this.file = options.text("results", "");
    var _ = options.text("name", "");
    var _ = options.text("target", "");
    options.complete();
  }

  private record Read(double bytes, double seconds) {

    double megabytesPerSecond() {
      return bytes / seconds / 1e6;
    }
  }

  void run() throws InterruptedException, IOException {
    try (var management = target.createProject()) {
      var environment = management.environmentId().toString();
      var end = Instant.now().truncatedTo(ChronoUnit.HOURS);
      var start = end.minus(HOURS, ChronoUnit.HOURS);
      var _ =
          clickHouse.run(
              FILL.formatted(
                  environment, start.toEpochMilli(), TimeUnit.HOURS.toMillis(HOURS), rows));
      var server = new ArrayList<Read>();
      var same = new ArrayList<Read>();
      var plain = new ArrayList<Read>();
      double cpu = 0;
      for (var round = 0; round < warmup; round++) {
        var _ =
            curl(url + management.exportPath(format, start, end), "Authorization: Bearer " + token);
      }
      for (var round = 0; round < rounds; round++) {
        var before = target.process().cpuSeconds();
        server.add(
            curl(
                url + management.exportPath(format, start, end), "Authorization: Bearer " + token));
        cpu += target.process().cpuSeconds() - before;
        same.add(curl(clickHouse.address(straight(environment, "LIMIT 1 BY e.id")), "X-Same: 1"));
        plain.add(curl(clickHouse.address(straight(environment, "")), "X-Plain: 1"));
      }
      write("server", server, cpu / rounds / rows * 1e6);
      write("curl, deduplicated", same, Double.NaN);
      write("curl, not deduplicated", plain, Double.NaN);
    }
  }

  private String straight(String environment, String deduplication) {
    var csv = format.equals("csv");
    var name =
        switch (format) {
          case "csv" -> "CSVWithNames";
          case "parquet" -> "Parquet";
          default -> "JSONEachRow";
        };
    return SAME.formatted(
        csv ? "toJSONString(e.attributes)" : "e.attributes", environment, deduplication, name);
  }

  private void write(String who, List<Read> reads, double cpu) throws IOException {
    var sorted =
        reads.stream()
            .sorted((a, b) -> Double.compare(a.megabytesPerSecond(), b.megabytesPerSecond()))
            .toList();
    var median = sorted.get(sorted.size() / 2);
    new Results(file, "export, " + format, who)
        .put("rows", rows)
        .put("MB", median.bytes() / 1e6)
        .put("MB_per_second", median.megabytesPerSecond())
        .put("seconds", median.seconds())
        .put("cpu_us_per_row", cpu)
        .put(
            "live_heap_MB",
            who.equals("server") ? target.process().liveHeapBytes() / 1e6 : Double.NaN)
        .put("rss_MB", who.equals("server") ? target.process().residentBytes() / 1e6 : Double.NaN)
        .write();
  }

  private static Read curl(String address, String header) throws InterruptedException {
    try {
      var process =
          new ProcessBuilder(
                  "curl",
                  "-sS",
                  "--fail",
                  "-o",
                  "/dev/null",
                  "-H",
                  header,
                  "-w",
                  "%{size_download} %{time_total}",
                  address)
              .redirectErrorStream(true)
              .start();
      var answer =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() != 0) {
        throw new IllegalStateException("curl failed: " + answer);
      }
      var numbers = answer.split(" ");
      return new Read(Double.parseDouble(numbers[0]), Double.parseDouble(numbers[1]));
    } catch (IOException e) {
      throw new IllegalStateException("curl cannot be run", e);
    }
  }
}
