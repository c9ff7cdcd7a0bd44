package dev.stitchd.warehouse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.delivery.EventSinkContract;
import dev.stitchd.delivery.Events;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.EnvironmentId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.test.StepVerifier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Events that are sent again and say other things: every answer has one row of each, and the first
/// received is the event.
class RepeatedEventsIT {

  /// `-Dstitchd.histories=100` for a longer search.
  private static final long HISTORIES = Long.getLong("stitchd.histories", 1);

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Instant NOON = Events.NOON;
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration DAY = Duration.ofDays(1);
  private static final Instant BEGIN = NOON.minus(Duration.ofDays(12));
  private static final Instant END = NOON.plus(Duration.ofDays(12));

  private static Warehouse warehouse;

  @BeforeAll
  static void open() {
    warehouse =
        new Warehouse(
                Stores.shared().freshClickHouse().url(),
                Warehouse.postgres(Stores.shared().freshPostgres().url()),
                Map.of("stitchd.warehouse.export-slice", "40"))
            .awaitUp();
  }

  @AfterAll
  static void close() {
    warehouse.close();
  }

  private static void store(Event row) {
    warehouse
        .sink()
        .write(EventSinkContract.batch(warehouse.sink(), List.of(row)))
        .as(StepVerifier::create)
        .expectComplete()
        .verify(Duration.ofSeconds(20));
  }

  private static UUID timed(Instant time, Random random) {
    return new UUID(
        time.toEpochMilli() << 16 | 0x7000 | random.nextInt(0x1000),
        random.nextLong() >>> 2 | 1L << 63);
  }

  private static Event.Evaluation evaluation(
      EnvironmentId environment,
      UUID id,
      Instant at,
      Instant received,
      String variant,
      String who) {
    return new Event.Evaluation(
        environment,
        id,
        at,
        received,
        Event.Source.SERVER_SDK,
        "checkout",
        variant,
        null,
        null,
        "user",
        who,
        Map.of());
  }

  private static List<EvaluationStats.Row> counts(
      EnvironmentId environment, Instant from, Instant to, Duration interval) {
    return warehouse
        .stats()
        .counts(environment, "checkout", from, to, interval)
        .collectList()
        .blockOptional(Duration.ofSeconds(20))
        .orElseThrow();
  }

  private static EvaluationStats.Row row(Instant start, String variant, long count) {
    return new EvaluationStats.Row(start, "checkout", variant, count);
  }

  private static Exposures.Answer exposures(EnvironmentId environment, Instant from, Instant to) {
    return warehouse
        .exposures()
        .of(environment, "checkout", from, to)
        .blockOptional(Duration.ofSeconds(20))
        .orElseThrow();
  }

  private static List<JsonNode> exported(
      EnvironmentId environment, EventKind kind, Instant from, Instant to) {
    var bytes =
        warehouse
            .export()
            .bytes(new EventExport.Wanted(environment, kind, from, to, ExportFormat.NDJSON))
            .map(buffer -> {
              var text = buffer.toString(StandardCharsets.UTF_8);
              buffer.release();
              return text;
            })
            .collect(Collectors.joining())
            .blockOptional(Duration.ofSeconds(30))
            .orElseThrow();
    return bytes.lines().map(JSON::readTree).toList();
  }

  private static List<SeenContexts.Evaluation> of(EnvironmentId environment, String who) {
    return new SeenContexts(warehouse.queries(), 1_000_000)
        .evaluations(new SeenContexts.Place(environment, "user", BEGIN, END, 200), who)
        .blockOptional(Duration.ofSeconds(20))
        .orElseThrow();
  }

  /// The time stamped at each try: the third is on the next day.
  @ParameterizedTest
  @ValueSource(strings = {"its own time", "none"})
  void eventSentAgainWithAnotherTimeVariantAndUserIsTheFirst(String has) {
    var environment = Events.environment();
    var evening = Instant.parse("2026-10-15T22:30:00Z");
    var id = has.equals("none") ? UUID.randomUUID() : timed(evening, new Random(5));
    store(evaluation(environment, id, evening, evening, "on", "ann"));
    var once = List.of(row(evening.minusSeconds(1_800), "on", 1));
    for (int i = 1; i <= 3; i++) {
      if (i == 3) {
        var _ = warehouse.rollUp();
      }
      var later = evening.plus(HOUR.multipliedBy(i));
      store(evaluation(environment, id, later, later, "off", "ben" + i));
      assertThat(counts(environment, NOON, NOON.plus(DAY), HOUR)).isEqualTo(once);
      assertThat(counts(environment, NOON, NOON.plus(DAY), Duration.ofMinutes(1)))
          .isEqualTo(List.of(row(evening, "on", 1)));
      assertThat(counts(environment, later.minusSeconds(1), later.plusSeconds(1), HOUR)).isEmpty();
      assertThat(exposures(environment, NOON, NOON.plus(DAY)))
          .isEqualTo(new Exposures.Answer(1, 1, List.of(new Exposures.Variant("on", 1, 1))));
      assertThat(exposures(environment, later, later.plusMillis(1)).users()).isZero();
      assertThat(exported(environment, EventKind.EVALUATION, BEGIN, END))
          .singleElement()
          .satisfies(event -> assertThat(event.path("contextKey").asString()).isEqualTo("ann"));
      assertThat(exported(environment, EventKind.EVALUATION, later, END)).isEmpty();
      assertThat(of(environment, "ann")).hasSize(1);
      assertThat(of(environment, "ben" + i)).isEmpty();
    }
    var _ = warehouse.rollUp();
    assertThat(warehouse.rollUp()).as("nothing is left to do").isZero();
    assertThat(counts(environment, NOON, NOON.plus(DAY), HOUR)).isEqualTo(once);
  }

  /// As from the spool of a node that had lost its ClickHouse.
  @ParameterizedTest
  @ValueSource(strings = {"its own time", "none"})
  void eventThatBecomesVisibleLateIsStillTheFirst(String has) {
    var environment = Events.environment();
    var id = has.equals("none") ? UUID.randomUUID() : timed(NOON, new Random(6));
    store(evaluation(environment, id, NOON.plus(HOUR), NOON.plus(HOUR), "off", "ben"));
    var _ = warehouse.rollUp();
    assertThat(counts(environment, NOON, NOON.plus(DAY), HOUR))
        .containsExactly(row(NOON.plus(HOUR), "off", 1));
    store(evaluation(environment, id, NOON, NOON, "on", "ann"));
    var first = List.of(row(NOON, "on", 1));
    assertThat(counts(environment, NOON, NOON.plus(DAY), HOUR)).isEqualTo(first);
    var _ = warehouse.rollUp();
    assertThat(warehouse.rollUp()).as("nothing is left to do").isZero();
    assertThat(counts(environment, NOON, NOON.plus(DAY), HOUR)).isEqualTo(first);
    var _ = warehouse.store().query("OPTIMIZE TABLE evaluation_rollups FINAL");
    assertThat(counts(environment, NOON, NOON.plus(DAY), HOUR)).isEqualTo(first);
  }

  @Test
  void countSentAgainWithAnotherNumberIsTheFirst() {
    var environment = Events.environment();
    var id = UUID.randomUUID();
    for (int i = 0; i < 3; i++) {
      var at = NOON.plus(HOUR.multipliedBy(i));
      store(
          new Event.Count(
              environment, id, at, at, Event.Source.SERVER_SDK, "checkout", "on", 5 + 100L * i));
      assertThat(counts(environment, NOON, NOON.plus(DAY), HOUR))
          .containsExactly(row(NOON, "on", 5));
    }
    assertThat(exported(environment, EventKind.COUNT, BEGIN, END)).hasSize(1);
  }

  /// Nothing says which of them was first, but it is always the same, whatever was stored first.
  @Test
  void ofRowsThatTieInTimeAndUserTheSameOneIsExported() {
    var id = UUID.randomUUID();
    var values = List.of(1.0, 2.0, 3.0);
    var told = new HashSet<String>();
    for (var order : List.of(values, values.reversed())) {
      var environment = Events.environment();
      for (var value : order) {
        var like = Events.track(environment, NOON, value);
        store(
            new Event.Track(
                environment,
                id,
                NOON,
                NOON,
                like.source(),
                like.event(),
                value,
                like.properties(),
                "user",
                "ann",
                like.attributes()));
      }
      assertThat(exported(environment, EventKind.TRACK, BEGIN, END))
          .singleElement()
          .satisfies(event -> told.add(event.path("value").asString()));
    }
    assertThat(told).hasSize(1);
  }

  @Test
  void oneEventThatIsSentAgainAndAgainHidesNoOtherOfItsUser() {
    var environment = Events.environment();
    var ids = new Random(11);
    store(evaluation(environment, timed(NOON, ids), NOON, NOON, "off", "ann"));
    var again = timed(NOON.plus(HOUR), ids);
    var rows =
        IntStream.range(0, 700)
            .mapToObj(i -> NOON.plus(HOUR).plusSeconds(i))
            .map(time -> (Event) evaluation(environment, again, time, time, "on", "ann"))
            .toList();
    warehouse
        .sink()
        .write(EventSinkContract.batch(warehouse.sink(), rows))
        .block(Duration.ofSeconds(20));
    assertThat(of(environment, "ann"))
        .extracting(SeenContexts.Evaluation::variant, SeenContexts.Evaluation::at)
        .containsExactly(tuple("on", NOON.plus(HOUR)), tuple("off", NOON));
  }

  @Test
  void oneIdNamesAnEventOfEachFlag() {
    var environment = Events.environment();
    var id = UUID.randomUUID();
    var one = evaluation(environment, id, NOON, NOON, "on", "ann");
    store(one);
    store(
        new Event.Evaluation(
            environment,
            id,
            NOON,
            NOON.plusSeconds(1),
            one.source(),
            "search",
            "off",
            null,
            null,
            "user",
            "ann",
            Map.of()));
    assertThat(
            warehouse
                .stats()
                .counts(environment, null, NOON, NOON.plus(HOUR), HOUR)
                .collectList()
                .block(Duration.ofSeconds(20)))
        .containsExactly(row(NOON, "on", 1), new EvaluationStats.Row(NOON, "search", "off", 1));
    assertThat(exported(environment, EventKind.EVALUATION, BEGIN, END)).hasSize(2);
  }

  @Test
  void rowsOfBeforeTheirFlagWasDeletedBelongToItsPredecessor() {
    var environment = Events.environment();
    var deleted = NOON.plus(Duration.ofMinutes(30));
    var ids = new Random(8);
    var sentAgain = timed(NOON, ids);
    store(evaluation(environment, sentAgain, NOON, NOON, "old", "ann"));
    store(evaluation(environment, sentAgain, NOON, NOON.plus(HOUR), "old", "ann"));
    // told an hour that is yet to come, by a clock that is ahead
    store(evaluation(environment, timed(NOON, ids), deleted.plusSeconds(9), NOON, "old", "ben"));
    // happened before, received afterwards: the new flag's, as far as anybody can know
    store(evaluation(environment, timed(NOON, ids), NOON, deleted.plusSeconds(1), "new", "carl"));
    store(
        evaluation(environment, timed(NOON, ids), NOON.plus(HOUR), NOON.plus(HOUR), "new", "ann"));
    for (int i = 0; i < 2; i++) {
      for (var flag : new String[] {"checkout", null}) {
        var predecessors = new Predecessors(Map.of("checkout", deleted, "other", NOON));
        assertThat(
                warehouse
                    .stats()
                    .counts(
                        environment, flag, NOON, NOON.plus(DAY), Interval.of(HOUR), predecessors)
                    .collectList()
                    .block(Duration.ofSeconds(20)))
            .as(String.valueOf(flag))
            .containsExactly(row(NOON, "new", 1), row(NOON.plus(HOUR), "new", 1));
      }
      var predecessor = new Predecessors(Map.of("checkout", deleted));
      assertThat(
              warehouse
                  .exposures()
                  .of(environment, "checkout", NOON, NOON.plus(DAY), predecessor)
                  .block(Duration.ofSeconds(20)))
          .isEqualTo(new Exposures.Answer(2, 2, List.of(new Exposures.Variant("new", 2, 2))));
      assertThat(
              new FlagUse(warehouse.queries())
                  .since(environment, NOON, predecessor)
                  .block(Duration.ofSeconds(20)))
          .isEqualTo(
              Map.of("checkout", new FlagUse.Use("checkout", NOON.plus(HOUR), List.of("new"))));
      var _ = warehouse.rollUp();
    }
  }

  /// Histories by chance: the same ids again and again with other times, variants and users, with
  /// and without a time of their own, in any order, rolled up in between or not.
  @Test
  void everyAnswerHasTheFirstRowOfEachEventWhateverWasSent() {
    for (long seed = 1; seed <= HISTORIES; seed++) {
      var history = new History(new Random(seed));
      for (int step = 0; step < 4; step++) {
        history.step();
        history.check("seed " + seed + ", step " + step);
      }
    }
  }

  private static final class History {

    private final Random random;
    private final EnvironmentId environment = Events.environment();
    private final List<UUID> ids = new ArrayList<>();
    private final List<Event.Evaluation> rows = new ArrayList<>();
    private int received;

    History(Random random) {
      this.random = random;
      for (int i = 0; i < 12; i++) {
        ids.add(i % 2 == 0 ? UUID.randomUUID() : timed(at(), random));
      }
    }

    private Instant at() {
      return NOON.minus(Duration.ofHours(40))
          .plusMillis(random.nextLong(Duration.ofHours(40).toMillis()));
    }

    void step() {
      var fresh = new ArrayList<Event.Evaluation>();
      for (int i = 0; i < 15; i++) {
        // a row may have been received before others that are visible already
        var time = NOON.plusMillis(random.nextBoolean() ? ++received : - ++received);
        fresh.add(
            evaluation(
                environment,
                ids.get(random.nextInt(ids.size())),
                at(),
                time,
                random.nextBoolean() ? "on" : "off",
                "u" + random.nextInt(5)));
      }
      rows.addAll(fresh);
      warehouse
          .sink()
          .write(EventSinkContract.batch(warehouse.sink(), List.copyOf(fresh)))
          .block(Duration.ofSeconds(20));
      if (random.nextBoolean()) {
        var _ = warehouse.rollUp();
      }
    }

    void check(String when) {
      var from = at();
      var to = from.plusMillis(1 + random.nextLong(Duration.ofHours(20).toMillis()));
      var asked = when + ": from " + from + " to " + to;
      var expected =
          rows.stream()
              .filter(this::isFirst)
              .filter(e -> !e.at().isBefore(from) && e.at().isBefore(to))
              .toList();
      for (var interval : List.of(Duration.ofMinutes(15), HOUR)) {
        assertThat(RepeatedEventsIT.counts(environment, from, to, interval))
            .as(asked + " by " + interval)
            .containsExactlyInAnyOrderElementsOf(counted(expected, interval));
      }
      var exposed = exposures(environment, from, to);
      assertThat(exposed.evaluations()).as(asked).isEqualTo(expected.size());
      assertThat(exposed.users())
          .as(asked)
          .isEqualTo(expected.stream().map(Event.Evaluation::contextKey).distinct().count());
      assertThat(exported(environment, EventKind.EVALUATION, from, to))
          .as(asked)
          .extracting(e -> e.path("id").asString() + e.path("at").asString())
          .containsExactlyInAnyOrderElementsOf(
              expected.stream().map(e -> e.id() + time(e.at())).toList());
      assertThat(of(environment, "u1"))
          .as(when)
          .extracting(SeenContexts.Evaluation::id)
          .containsExactlyElementsOf(
              rows.stream()
                  .filter(e -> e.contextKey().equals("u1") && isFirst(e))
                  .sorted(Comparator.comparing(Event.Evaluation::at).reversed())
                  .map(e -> e.id().toString())
                  .toList());
    }

    private static String time(Instant time) {
      return "%tFT%<tT.%<tLZ".formatted(time.atOffset(java.time.ZoneOffset.UTC));
    }

    /// The rule, in the plainest way.
    private boolean isFirst(Event.Evaluation row) {
      return rows.stream()
          .filter(other -> other.id().equals(row.id()))
          .filter(other -> other.receivedAt().isBefore(row.receivedAt()))
          .noneMatch(other ->
              row.id().version() == 7
                  || Duration.between(other.at(), row.at()).abs().compareTo(DAY) <= 0);
    }

    private static List<EvaluationStats.Row> counted(
        List<Event.Evaluation> events, Duration interval) {
      Function<Event.Evaluation, EvaluationStats.Row> group =
          e ->
              row(
                  Instant.ofEpochMilli(
                      e.at().toEpochMilli() / interval.toMillis() * interval.toMillis()),
                  e.variant(),
                  0);
      return Stream.of(events.stream().collect(Collectors.groupingBy(group, Collectors.counting())))
          .flatMap(counts -> counts.entrySet().stream())
          .map(one -> row(one.getKey().start(), one.getKey().variant(), one.getValue()))
          .toList();
    }
  }
}
