package dev.stitchd.warehouse.rollup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventSinkContract;
import dev.stitchd.delivery.Events;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.warehouse.EvaluationStats;
import dev.stitchd.warehouse.Exposures;
import dev.stitchd.warehouse.Interval;
import dev.stitchd.warehouse.Predecessors;
import dev.stitchd.warehouse.Warehouse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

@LongRunning
class RollupsIT {

  /// `-Dstitchd.histories=100` for a longer search.
  private static final long HISTORIES = Long.getLong("stitchd.histories", 2);

  /// Beside none: one of whole hours, and three of halves and quarters.
  private static final List<Optional<ZoneId>> ZONES =
      List.of(
          Optional.empty(),
          Optional.of(ZoneId.of("Europe/Berlin")),
          Optional.of(ZoneId.of("Asia/Kolkata")),
          Optional.of(ZoneId.of("Asia/Kathmandu")),
          Optional.of(ZoneId.of("Australia/Lord_Howe")));

  private static final Instant NOON = Instant.parse("2026-10-15T12:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);

  private static Warehouse warehouse;

  @BeforeAll
  static void open() {
    warehouse =
        new Warehouse(
                Stores.shared().freshClickHouse().url(),
                Warehouse.postgres(Stores.shared().freshPostgres().url()),
                // so few that one rollup takes several statements
                Map.of(
                    "stitchd.warehouse.rollup-rows", "40", "stitchd.warehouse.exact-users", "30"))
            .awaitUp();
  }

  @AfterAll
  static void close() {
    warehouse.close();
  }

  private static void store(List<? extends Event> rows) {
    warehouse
        .sink()
        .write(EventSinkContract.batch(warehouse.sink(), List.copyOf(rows)))
        .as(StepVerifier::create)
        .expectComplete()
        .verify(Duration.ofSeconds(20));
  }

  private static List<EvaluationStats.Row> counts(
      EnvironmentId environment, String flag, Instant from, Instant to, Duration interval) {
    return warehouse
        .stats()
        .counts(environment, flag, from, to, interval)
        .collectList()
        .block(Duration.ofSeconds(20));
  }

  private static List<EvaluationStats.Row> day(EnvironmentId environment) {
    return counts(environment, null, NOON.minus(HOUR), NOON.plus(HOUR), HOUR);
  }

  private static EvaluationStats.Row row(Instant start, String variant, long count) {
    return new EvaluationStats.Row(start, "checkout", variant, count);
  }

  @Test
  void closedHourIsAnsweredFromItsRollup() {
    var environment = Events.environment();
    store(
        List.of(
            Events.evaluation(environment, NOON, "on"),
            Events.evaluation(environment, NOON, "on")));
    warehouse.rollUp();
    assertThat(day(environment)).containsExactly(row(NOON, "on", 2));
    // A rollup that claims more events than there are is believed; so it is the one that answers.
    var _ =
        warehouse
            .store()
            .query(
                "INSERT INTO evaluation_rollups VALUES ('%s', 'checkout', %d, 'evaluation', 99, ['on'], [77])"
                    .formatted(environment, NOON.getEpochSecond()));
    assertThat(day(environment)).containsExactly(row(NOON, "on", 77));
    // … and not for half of the hour
    assertThat(counts(environment, null, NOON, NOON.plusSeconds(1_800), HOUR))
        .containsExactly(row(NOON, "on", 2));
    assertThat(counts(environment, null, NOON, NOON.plus(HOUR), Duration.ofMinutes(30)))
        .containsExactly(row(NOON, "on", 2));
  }

  @Test
  void lateEventReopensItsHourAtOnce() {
    var environment = Events.environment();
    store(List.of(Events.evaluation(environment, NOON, "on")));
    warehouse.rollUp();
    store(List.of(Events.evaluation(environment, NOON.plusSeconds(5), "off")));
    store(List.of(Events.count(environment, NOON.plusSeconds(9), 10)));
    var expected = List.of(row(NOON, "off", 1), row(NOON, "on", 11));
    assertThat(day(environment)).isEqualTo(expected);
    var behind = warehouse.behind();
    assertThat(behind.reopened()).as("of two kinds, one was rolled up before").isEqualTo(1);
    assertThat(behind.lag()).isEqualTo(Duration.between(NOON.plus(HOUR), Warehouse.NOW));
    assertThat(warehouse.rollUp()).isEqualTo(2);
    assertThat(warehouse.behind()).isEqualTo(new Rollups.Behind(0, Duration.ZERO));
    assertThat(day(environment)).isEqualTo(expected);
    assertThat(warehouse.rollUp()).as("nothing is left to do").isZero();
  }

  /// `from` and `to` are midnights of Kolkata, half past six in the evening.
  @Test
  void aDayOfHalfHoursIsAnsweredFromRollups() {
    var environment = Events.environment();
    var kolkata = new Interval(Duration.ofDays(1), ZoneId.of("Asia/Kolkata"));
    var midnight = Instant.parse("2026-10-15T18:30:00Z");
    store(
        List.of(
            Events.evaluation(environment, midnight.minusSeconds(60), "on"),
            Events.evaluation(environment, midnight.plusSeconds(60), "on"),
            Events.evaluation(environment, midnight.plusSeconds(120), "on")));
    warehouse.rollUp();
    // what only rollups know: these are not here any more
    var _ =
        warehouse
            .store()
            .query(
                "ALTER TABLE evaluation_events DELETE WHERE environment_id = '%s' SETTINGS mutations_sync = 2"
                    .formatted(environment));
    assertThat(
            warehouse
                .stats()
                .counts(
                    environment,
                    null,
                    midnight.minus(Duration.ofDays(1)),
                    midnight.plus(Duration.ofDays(1)),
                    kolkata,
                    Predecessors.NONE)
                .collectList()
                .block(Duration.ofSeconds(20)))
        .containsExactly(row(midnight.minus(Duration.ofDays(1)), "on", 1), row(midnight, "on", 2));
  }

  /// As a node does that is not upgraded yet.
  @Test
  void rollupsOfEarlierVersionsAreMadeAgain() {
    var environment = Events.environment();
    var kolkata = new Interval(Duration.ofDays(1), ZoneId.of("Asia/Kolkata"));
    var midnight = Instant.parse("2026-10-15T18:30:00Z");
    store(
        List.of(
            Events.evaluation(environment, midnight.minusSeconds(60), "on"),
            Events.evaluation(environment, midnight.plusSeconds(60), "on")));
    var hour = Instant.parse("2026-10-15T18:00:00Z");
    var _ =
        warehouse
            .store()
            .query(
                "INSERT INTO evaluation_rollups (environment_id, flag, hour, kind, rows, variants, counts, hours) SETTINGS insert_allow_materialized_columns = 1 VALUES ('%s', 'checkout', %d, 'evaluation', 2, ['on'], [2], [%2$d])"
                    .formatted(environment, hour.getEpochSecond()));
    var days = List.of(row(midnight.minus(Duration.ofDays(1)), "on", 1), row(midnight, "on", 1));
    for (var written : List.of(1L, 0L)) {
      assertThat(
              warehouse
                  .stats()
                  .counts(
                      environment,
                      null,
                      midnight.minus(Duration.ofDays(1)),
                      midnight.plus(Duration.ofDays(1)),
                      kolkata,
                      Predecessors.NONE)
                  .collectList()
                  .block(Duration.ofSeconds(20)))
          .isEqualTo(days);
      assertThat(
              warehouse
                  .exposures()
                  .of(environment, "checkout", hour, hour.plus(HOUR))
                  .block(Duration.ofSeconds(20))
                  .evaluations())
          .isEqualTo(2);
      assertThat(warehouse.rollUp()).isEqualTo(written);
    }
  }

  @Test
  void manyUsersAreEstimatedAndSaidToBe() {
    var environment = Events.environment();
    var rows = new ArrayList<Event.Evaluation>();
    for (int i = 0; i < 3_000; i++) {
      rows.add(
          new Event.Evaluation(
              environment,
              UUID.randomUUID(),
              NOON.plusSeconds(i),
              NOON,
              Event.Source.SERVER_SDK,
              "checkout",
              i % 2 == 0 ? "on" : "off",
              null,
              null,
              "user",
              "u" + i % 2_000,
              Map.of()));
    }
    store(rows);
    var open = exposures(environment);
    warehouse.rollUp();
    var rolled = exposures(environment);
    for (var answer : List.of(open, rolled)) {
      assertThat(answer.approximate()).isTrue();
      assertThat(answer.evaluations()).isEqualTo(3_000);
      assertThat(answer.users()).isBetween(1_980L, 2_020L);
      assertThat(answer.variants()).hasSize(2);
      answer.variants().forEach(v -> assertThat(v.users()).isBetween(990L, 1_010L));
    }
    // so the events are not asked: there are none any more
    var _ =
        warehouse
            .store()
            .query(
                "ALTER TABLE evaluation_events DELETE WHERE environment_id = '%s' SETTINGS mutations_sync = 2"
                    .formatted(environment));
    assertThat(exposures(environment)).isEqualTo(rolled);
  }

  private static Exposures.Answer exposures(EnvironmentId environment) {
    return warehouse
        .exposures()
        .of(environment, "checkout", NOON.minus(HOUR), NOON.plus(HOUR.multipliedBy(3)))
        .block(Duration.ofSeconds(20));
  }

  @Test
  void openHourIsNotRolledUp() {
    var environment = Events.environment();
    var open = Warehouse.NOW.truncatedTo(ChronoUnit.HOURS);
    store(List.of(Events.evaluation(environment, open, "on")));
    assertThat(warehouse.rollUp()).isZero();
    assertThat(counts(environment, null, open, open.plus(HOUR), HOUR))
        .containsExactly(row(open, "on", 1));
  }

  @Test
  void eventsThatExpireLeaveTheirRollup() {
    var environment = Events.environment();
    store(List.of(Events.evaluation(environment, NOON, "on")));
    warehouse.rollUp();
    var _ =
        warehouse
            .store()
            .query(
                "ALTER TABLE evaluation_events DELETE WHERE environment_id = '%s' SETTINGS mutations_sync = 2"
                    .formatted(environment));
    assertThat(day(environment)).containsExactly(row(NOON, "on", 1));
  }

  /// Histories by chance: events of several hours in any order, repeated whole or in part, rolled
  /// up in between or not.
  @Test
  void answersAreTheSameWithAndWithoutRollupsWhateverWasSent() {
    for (long seed = 1; seed <= HISTORIES; seed++) {
      var history = new History(new Random(seed));
      for (int step = 0; step < 6; step++) {
        history.step();
        history.check("seed " + seed + ", step " + step);
      }
    }
    var _ = warehouse.rollUp();
    var _ = warehouse.store().query("OPTIMIZE TABLE evaluation_rollups FINAL");
    assertThat(warehouse.rollUp()).isZero();
  }

  private static final class History {

    private static final Instant START = NOON.minus(Duration.ofHours(30)).plusSeconds(1_234);

    private final Random random;
    private final EnvironmentId environment = Events.environment();
    private final List<Event.Evaluation> evaluations = new ArrayList<>();
    private final List<Event.Count> counted = new ArrayList<>();

    History(Random random) {
      this.random = random;
    }

    void step() {
      switch (random.nextInt(5)) {
        case 0 -> warehouse.rollUp();
        case 1 -> counts();
        case 2 -> again();
        default -> evaluations();
      }
    }

    private void evaluations() {
      var fresh = new ArrayList<Event.Evaluation>();
      for (int i = 1 + random.nextInt(30); i > 0; i--) {
        fresh.add(evaluation());
      }
      evaluations.addAll(fresh);
      if (random.nextBoolean()) {
        fresh.addAll(List.copyOf(fresh)); // twice in one batch
      }
      store(fresh);
    }

    private void counts() {
      var fresh = new ArrayList<Event.Count>();
      for (int i = 1 + random.nextInt(5); i > 0; i--) {
        fresh.add(Events.count(environment, at(), 1 + random.nextInt(1_000)));
      }
      counted.addAll(fresh);
      store(fresh);
    }

    private void again() {
      if (!evaluations.isEmpty()) {
        store(evaluations.subList(random.nextInt(evaluations.size()), evaluations.size()));
      }
      if (!counted.isEmpty()) {
        store(counted);
      }
    }

    private Event.Evaluation evaluation() {
      return new Event.Evaluation(
          environment,
          UUID.randomUUID(),
          at(),
          NOON,
          Event.Source.SERVER_SDK,
          random.nextBoolean() ? "checkout" : "search",
          random.nextInt(3) == 0 ? "off" : "on",
          null,
          null,
          "user",
          "u" + random.nextInt(20),
          Map.of());
    }

    private Instant at() {
      return START.plusMillis(random.nextLong(Duration.ofHours(30).toMillis()));
    }

    /// A question, and its answer by the plainest count.
    private record Asked(
        String flag,
        Instant from,
        Instant to,
        Interval interval,
        List<EvaluationStats.Row> expected) {}

    void check(String when) {
      var questions = Stream.generate(this::question).limit(3).toList();
      check(when, questions);
      withoutRollups(() -> check(when + ", without rollups", questions));
    }

    private Asked question() {
      var from = at();
      var to = from.plusMillis(1 + random.nextLong(Duration.ofHours(20).toMillis()));
      var length = Duration.ofMinutes(List.of(60, 120, 1_440, 15).get(random.nextInt(4)));
      var interval = new Interval(length, ZONES.get(random.nextInt(ZONES.size())).orElse(null));
      var flag = random.nextInt(3) == 0 ? "checkout" : null;
      return new Asked(flag, from, to, interval, expected(flag, from, to, interval));
    }

    private void check(String when, List<Asked> questions) {
      for (var asked : questions) {
        assertThat(counts(asked.flag(), asked.from(), asked.to(), asked.interval()))
            .as(when + ": " + asked)
            .containsExactlyInAnyOrderElementsOf(asked.expected());
        assertThat(exposures(asked.from(), asked.to()))
            .as(when + ": users of " + asked)
            .isEqualTo(expectedUsers(asked.from(), asked.to()));
      }
    }

    private List<EvaluationStats.Row> counts(
        String flag, Instant from, Instant to, Interval interval) {
      return warehouse
          .stats()
          .counts(environment, flag, from, to, interval, Predecessors.NONE)
          .collectList()
          .block(Duration.ofSeconds(20));
    }

    private Exposures.Answer exposures(Instant from, Instant to) {
      return warehouse
          .exposures()
          .of(environment, "checkout", from, to)
          .block(Duration.ofSeconds(20));
    }

    private Exposures.Answer expectedUsers(Instant from, Instant to) {
      var once = new HashMap<UUID, Event.Evaluation>();
      evaluations.stream()
          .filter(e -> e.flag().equals("checkout") && !e.at().isBefore(from) && e.at().isBefore(to))
          .forEach(e -> once.putIfAbsent(e.id(), e));
      var variants =
          once.values().stream()
              .collect(
                  Collectors.groupingBy(
                      Event.Evaluation::variant, TreeMap::new, Collectors.toList()));
      return new Exposures.Answer(
          users(once.values()),
          once.size(),
          variants.entrySet().stream()
              .map(one ->
                  new Exposures.Variant(one.getKey(), users(one.getValue()), one.getValue().size()))
              .toList());
    }

    private static long users(Collection<Event.Evaluation> evaluations) {
      return evaluations.stream().map(Event.Evaluation::contextKey).distinct().count();
    }

    private static void withoutRollups(Runnable check) {
      var store = warehouse.store();
      var _ = store.query("RENAME TABLE evaluation_rollups TO kept_rollups");
      var _ = store.query("CREATE TABLE evaluation_rollups AS kept_rollups");
      try {
        check.run();
      } finally {
        var _ = store.query("DROP TABLE evaluation_rollups SYNC");
        var _ = store.query("RENAME TABLE kept_rollups TO evaluation_rollups");
      }
    }

    /// What was sent, each event once, counted in the plainest way.
    private List<EvaluationStats.Row> expected(
        String flag, Instant from, Instant to, Interval interval) {
      var sums = new HashMap<EvaluationStats.Row, Long>();
      var seen = new HashSet<UUID>();
      for (var e : evaluations) {
        if (seen.add(e.id())) {
          add(sums, e.at(), e.flag(), e.variant(), 1, flag, from, to, interval);
        }
      }
      for (var e : counted) {
        if (seen.add(e.id())) {
          add(sums, e.at(), e.flag(), e.variant(), e.count(), flag, from, to, interval);
        }
      }
      return sums.entrySet().stream()
          .map(e ->
              new EvaluationStats.Row(
                  e.getKey().start(), e.getKey().flag(), e.getKey().variant(), e.getValue()))
          .toList();
    }

    private static void add(
        Map<EvaluationStats.Row, Long> sums,
        Instant at,
        String flag,
        String variant,
        long n,
        String only,
        Instant from,
        Instant to,
        Interval interval) {
      if (at.isBefore(from) || !at.isBefore(to) || (only != null && !only.equals(flag))) {
        return;
      }
      sums.merge(
          new EvaluationStats.Row(IntervalIT.start(at, interval), flag, variant, 0), n, Long::sum);
    }
  }
}
