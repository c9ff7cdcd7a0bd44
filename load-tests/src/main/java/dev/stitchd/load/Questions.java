package dev.stitchd.load;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/// `questions`: a week of evaluations put straight into ClickHouse, ten of eleven of one flag; when
/// the server has rolled them up, every question of `docs/analytics.md` over HTTP, and what each
/// costs in ClickHouse; then what is on disk. Prints Markdown.
final class Questions {

  private static final String FLAG = "checkout";
  private static final int OTHERS = 20;
  private static final int WEEK_HOURS = 7 * 24;

  /// Rows of one statement.
  private static final long PIECE = 2_000_000;

  private static final Duration MARGIN = Duration.ofMinutes(20);

  /// Ids are UUIDs of version 7 of the events' own times, as SDKs make them; a user is given the
  /// same variant always, and comes back all week.
  private static final String FILL =
      """
      INSERT INTO evaluation_events (environment_id, flag, variant, rule_id, reason, context_type, context_key, attributes, at, id, source, received_at)
      WITH toInt64(%2$d + intDiv(toInt128(number) * %3$d, %4$d)) AS ms, sipHash64(number) AS chance, chance %% %5$d AS user
      SELECT '%1$s', if(number %% 11 = 0, concat('other-', toString(intDiv(number, 11) %% %6$d)), '%7$s'), if(sipHash64(user) %% 10 = 0, 'on', 'off'), 'eu', 'SPLIT', 'user',
             concat('user-', toString(user)), map('country', ['DE', 'FR', 'US', 'DK'][1 + user %% 4], 'plan', ['free', 'pro'][1 + user %% 2]),
             fromUnixTimestamp64Milli(ms) AS moment,
             reinterpret(bitOr(toUInt128(bitOr(bitOr(bitShiftLeft(toUInt64(ms), 16), 0x7000), bitAnd(number, 0xFFF))),
                               bitShiftLeft(toUInt128(bitOr(0x8000000000000000, bitShiftRight(chance, 2))), 64)), 'UUID'),
             'server_sdk', addMilliseconds(moment, 700)
      FROM numbers(%8$d, %9$d)
      """;

  private static final String ROLLED =
      "SELECT sum(most) FROM (SELECT max(rows) AS most FROM evaluation_rollups WHERE environment_id = '%s' AND kind = 'evaluation' GROUP BY flag, hour)";

  private static final String SOMEBODY =
      "SELECT context_key FROM evaluation_events WHERE environment_id = '%s' LIMIT 1";

  private static final String COUNTERS =
      "SELECT sumIf(value, event = 'SelectedRows'), sumIf(value, event = 'OSCPUVirtualTimeMicroseconds') FROM system.events";

  private static final String MEMORY =
      "SELECT max(peak_memory_usage) FROM system.processes WHERE query NOT LIKE '%system.processes%'";

  private static final String DISK =
      """
      SELECT table, sum(rows), sum(bytes_on_disk), count() FROM system.parts
      WHERE database = currentDatabase() AND active AND table NOT LIKE 'flyway%'
      GROUP BY table ORDER BY sum(bytes_on_disk) DESC
      """;

  private final Target target;
  private final ClickHouse clickHouse;
  private final long events;
  private final long users;
  private final int rounds;
  private final int patience;

  Questions(Options options) {
    this.target = new Target(options);
    this.clickHouse = new ClickHouse(options);
    this.events = options.number("events", 100_000_000);
    this.users = options.number("users", (int) Math.max(1, events / 10));
    this.rounds = options.number("rounds", 3);
    this.patience = options.number("patience", 3_600);
    var _ = options.text("results", ""); // it prints a table of its own
    var _ = options.text("target", "");
    options.complete();
  }

  /// What one asking took.
  private record Cost(int status, double seconds, double answer, double rows, double cpu) {}

  void run() throws InterruptedException, IOException {
    try (var management = target.createProject()) {
      management.booleanFlag(FLAG);
      for (var i = 0; i < OTHERS; i++) {
        management.booleanFlag("other-" + i);
      }
      var end = Instant.now().minus(MARGIN).truncatedTo(ChronoUnit.HOURS);
      var begin = end.minus(WEEK_HOURS, ChronoUnit.HOURS);
      var environment = management.environmentId().toString();
      System.out.printf(
          Locale.ROOT, "%,d events of %,d users, %s to %s%n", events, users, begin, end);
      fill(environment, begin);
      awaitRollups(environment);
      ask(management, begin, end);
      disk();
    }
  }

  private void fill(String environment, Instant begin) {
    var started = System.nanoTime();
    for (long from = 0; from < events; from += PIECE) {
      var _ =
          clickHouse.run(
              FILL.formatted(
                  environment,
                  begin.toEpochMilli(),
                  TimeUnit.HOURS.toMillis(WEEK_HOURS),
                  events,
                  users,
                  OTHERS,
                  FLAG,
                  from,
                  Math.min(PIECE, events - from)));
    }
    System.out.printf(Locale.ROOT, "put there in %.1f s%n", secondsSince(started));
  }

  /// The server finds by itself what is to be rolled up, once in
  /// `STITCHD_WAREHOUSE_ROLLUP_INTERVAL`.
  private void awaitRollups(String environment) throws InterruptedException {
    var started = System.nanoTime();
    while (clickHouse.number(ROLLED.formatted(environment)) < events) {
      if (secondsSince(started) > patience) {
        throw new IllegalStateException(
            "not all is rolled up within " + patience + " s; see the server's log");
      }
      TimeUnit.SECONDS.sleep(2);
    }
    System.out.printf(
        Locale.ROOT,
        "rolled up %.0f s later, %.1f s of CPU in ClickHouse since it started%n%n",
        secondsSince(started),
        counters()[1] / 1e6);
  }

  private static Map<String, String> questions(Instant begin, Instant end, String user) {
    var week = "from=" + begin + "&to=" + end;
    var day = "from=" + end.minus(1, ChronoUnit.DAYS) + "&to=" + end;
    var cut =
        "from=" + begin.plus(10, ChronoUnit.MINUTES) + "&to=" + end.minus(10, ChronoUnit.MINUTES);
    var all = new LinkedHashMap<String, String>();
    all.put("users of a flag, a week", "/stats/exposures?flag=" + FLAG + "&" + week);
    all.put("users of a flag, a week with open ends", "/stats/exposures?flag=" + FLAG + "&" + cut);
    all.put("users of a small flag, a week", "/stats/exposures?flag=other-1&" + week);
    all.put(
        "evaluations of a flag, a day by 12 h",
        "/stats/evaluations?flag=" + FLAG + "&interval=PT12H&" + day);
    all.put(
        "evaluations of a flag, a week by days of Kolkata",
        "/stats/evaluations?flag=" + FLAG + "&interval=P1D&timezone=Asia/Kolkata&" + week);
    all.put(
        "evaluations of all flags, a week by hours", "/stats/evaluations?interval=PT1H&" + week);
    all.put("stale flags", "/stats/stale-flags?days=5");
    all.put("contexts", "/stats/contexts?limit=20&" + week);
    all.put("contexts by prefix", "/stats/contexts?prefix=user-10&limit=3&" + week);
    all.put("contexts by a rare prefix", "/stats/contexts?prefix=user-1234567&" + week);
    all.put("attributes", "/stats/attributes?contextType=user&" + week);
    all.put("values of an attribute", "/stats/attributes?attribute=country&prefix=D&" + week);
    all.put("what one user was given", "/stats/contexts/user/" + user + "/evaluations?" + week);
    all.put(
        "export of an hour, NDJSON",
        "/events/export?from=" + end.minus(1, ChronoUnit.HOURS) + "&to=" + end);
    return all;
  }

  private void ask(Management management, Instant begin, Instant end) throws InterruptedException {
    var somebody = clickHouse.run(SOMEBODY.formatted(management.environmentId())).strip();
    System.out.println(
        "| question | status | ms | CPU ms | peak MB | rows read | answer kB |\n|---|---:|---:|---:|---:|---:|---:|");
    for (var question : questions(begin, end, somebody).entrySet()) {
      var path = management.environmentPath() + question.getValue();
      var costs = new ArrayList<Cost>();
      for (var round = 0; round < rounds; round++) {
        costs.add(measured(management, path));
      }
      System.out.printf(
          Locale.ROOT,
          "| %s | %d | %,.0f | %,.0f | %,.0f | %,.0f | %,.1f |%n",
          question.getKey(),
          costs.getFirst().status(),
          median(costs, Cost::seconds) * 1e3,
          median(costs, Cost::cpu) * 1e3,
          peak(management, path) / 1e6,
          median(costs, Cost::rows),
          median(costs, Cost::answer) / 1e3);
    }
  }

  private Cost measured(Management management, String path) throws InterruptedException {
    var before = counters();
    var started = System.nanoTime();
    var answer = management.ask(path);
    var seconds = secondsSince(started);
    TimeUnit.MILLISECONDS.sleep(200); // a query is counted a moment after its answer
    var after = counters();
    return new Cost(
        answer.statusCode(),
        seconds,
        answer.body().length(),
        after[0] - before[0],
        (after[1] - before[1]) / 1e6);
  }

  /// The largest peak of a single query, looked at all the time, in an asking of its own since
  /// looking costs too.
  private double peak(Management management, String path) throws InterruptedException {
    double most = 0;
    var asking = Thread.ofVirtual().start(() -> management.ask(path));
    while (asking.isAlive()) {
      most = Math.max(most, clickHouse.number(MEMORY));
      TimeUnit.MILLISECONDS.sleep(2);
    }
    return most;
  }

  /// Rows read and microseconds of CPU by all queries so far. The server's own little ones are in
  /// it too.
  private double[] counters() {
    var numbers = clickHouse.run(COUNTERS).strip().split("\t");
    return new double[] {Double.parseDouble(numbers[0]), Double.parseDouble(numbers[1])};
  }

  private void disk() {
    System.out.println(
        "\n| table | rows | MB on disk | bytes per row | parts |\n|---|---:|---:|---:|---:|");
    clickHouse
        .run(DISK)
        .lines()
        .map(line -> line.split("\t"))
        .forEach(part -> {
          var rows = Double.parseDouble(part[1]);
          var bytes = Double.parseDouble(part[2]);
          System.out.printf(
              Locale.ROOT,
              "| `%s` | %,.0f | %,.1f | %,.1f | %s |%n",
              part[0],
              rows,
              bytes / 1e6,
              bytes / rows,
              part[3]);
        });
  }

  private static double median(List<Cost> costs, ToDoubleFunction<Cost> of) {
    var sorted = costs.stream().mapToDouble(of).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private static double secondsSince(long started) {
    return (System.nanoTime() - started) / 1e9;
  }
}
