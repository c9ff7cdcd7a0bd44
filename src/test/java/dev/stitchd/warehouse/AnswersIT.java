package dev.stitchd.warehouse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventSinkContract;
import dev.stitchd.delivery.Events;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.EnvironmentId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class AnswersIT {

  private static final Instant NOON = Instant.parse("2026-10-15T12:00:00Z");
  private static final Instant ONE = Instant.parse("2026-10-15T13:00:00Z");

  private static Warehouse warehouse;

  @BeforeAll
  static void open() {
    warehouse =
        new Warehouse(
                Stores.shared().freshClickHouse().url(),
                Warehouse.postgres(Stores.shared().freshPostgres().url()))
            .awaitUp();
  }

  @AfterAll
  static void close() {
    warehouse.close();
  }

  private static void store(Event... rows) {
    warehouse
        .sink()
        .write(EventSinkContract.batch(warehouse.sink(), List.of(rows)))
        .as(StepVerifier::create)
        .expectComplete()
        .verify(Duration.ofSeconds(20));
  }

  private static <T> T answer(Mono<T> question) {
    return question.blockOptional(Duration.ofSeconds(20)).orElseThrow();
  }

  private static Event.Evaluation seen(
      EnvironmentId environment, Instant at, String flag, String variant, String type, String key) {
    return new Event.Evaluation(
        environment,
        UUID.randomUUID(),
        at,
        at.plusMillis(7),
        Event.Source.SERVER_SDK,
        flag,
        variant,
        "eu",
        null,
        type,
        key,
        Map.of("plan", "pro", "country", key.length() > 2 ? "DE" : "FR", "age", "7"));
  }

  @Test
  void usersAreCountedExactlyAndOnce() {
    var environment = Events.environment();
    var first = seen(environment, NOON, "checkout", "on", "user", "u1");
    store(
        first,
        seen(environment, NOON.plusSeconds(1), "checkout", "on", "user", "u1"),
        seen(environment, NOON.plusSeconds(2), "checkout", "off", "user", "u1"),
        seen(environment, NOON.plusSeconds(3), "checkout", "on", "user", "u2"),
        seen(environment, NOON.plusSeconds(4), "checkout", "on", "organization", "u2"),
        seen(environment, NOON.plusSeconds(5), "checkout", "on", "user", ""),
        seen(environment, ONE, "checkout", "on", "user", "u3"),
        seen(environment, NOON, "search", "on", "user", "u4"),
        seen(Events.environment(), NOON, "checkout", "on", "user", "u5"));
    store(first);
    store(Events.count(environment, NOON, 1_000));
    assertThat(answer(warehouse.exposures().of(environment, "checkout", NOON, ONE)))
        .isEqualTo(
            new Exposures.Answer(
                3,
                5,
                List.of(new Exposures.Variant("off", 1, 1), new Exposures.Variant("on", 3, 4))));
  }

  @Test
  void nobodySawAFlagThatWasNeverAsked() {
    assertThat(answer(warehouse.exposures().of(Events.environment(), "' OR 1=1 --", NOON, ONE)))
        .isEqualTo(new Exposures.Answer(0, 0, List.of()));
  }

  @Test
  void useOfFlagsIsOfEvaluationsAndCounts() {
    var environment = Events.environment();
    store(
        seen(environment, NOON, "old", "on", "user", "u1"),
        seen(environment, NOON, "both", "off", "user", "u1"),
        seen(environment, ONE.plusMillis(5), "both", "on", "user", "u1"));
    store(Events.count(environment, ONE.plusMillis(9), 3));
    assertThat(answer(new FlagUse(warehouse.queries()).since(environment, ONE)))
        .isEqualTo(
            Map.of(
                "old", new FlagUse.Use("old", NOON, List.of()),
                "both", new FlagUse.Use("both", ONE.plusMillis(5), List.of("on")),
                "checkout", new FlagUse.Use("checkout", ONE.plusMillis(9), List.of("on"))));
    assertThat(
            answer(new FlagUse(warehouse.queries()).since(environment, NOON))
                .get("both")
                .variants())
        .containsExactly("off", "on");
  }

  @Test
  void samplesOfContextsAndAttributesBeginAsAsked() {
    var environment = Events.environment();
    store(
        seen(environment, NOON, "checkout", "on", "user", "u1"),
        seen(environment, NOON.plusSeconds(1), "checkout", "on", "user", "u22"),
        seen(environment, NOON.plusSeconds(1), "checkout", "on", "user", ""),
        seen(environment, NOON.plusSeconds(2), "checkout", "on", "organization", "o1"),
        seen(environment, ONE, "checkout", "on", "user", "u3"));
    store(Events.track(environment, NOON, 1));
    var contexts = new SeenContexts(warehouse.queries(), 1_000_000);
    var everywhere = new SeenContexts.Place(environment, null, NOON, ONE, 10);
    var ofUsers = new SeenContexts.Place(environment, "user", NOON, ONE, 10);
    assertThat(answer(contexts.types(everywhere, "u2")))
        .containsExactly(new SeenContexts.Seen("user", NOON.plusSeconds(1), List.of("u22")));
    assertThat(answer(contexts.types(everywhere, "")))
        .extracting(SeenContexts.Seen::name)
        .containsExactly("organization", "user");
    assertThat(answer(contexts.types(ofUsers, "")).getFirst().samples())
        .contains("u1", "u22")
        .hasSize(3);
    assertThat(answer(contexts.attributes(everywhere, "")))
        .extracting(SeenContexts.Seen::name, SeenContexts.Seen::samples)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("age", List.of("7")),
            org.assertj.core.groups.Tuple.tuple("country", List.of("DE", "FR")),
            org.assertj.core.groups.Tuple.tuple("plan", List.of("pro")));
    assertThat(answer(contexts.attributes(everywhere, "c"))).hasSize(1);
    assertThat(answer(contexts.values(ofUsers, "country", "D")).getFirst().samples())
        .containsExactly("DE");
    assertThat(answer(contexts.values(everywhere, "country", "' OR"))).isEmpty();
  }

  @Test
  void samplesAreFoundWithoutReadingEverything() {
    var environment = Events.environment();
    for (int i = 0; i < 4; i++) {
      warehouse
          .sink()
          .write(EventSinkContract.batch(warehouse.sink(), Events.evaluations(environment, 5_000)))
          .block(Duration.ofSeconds(20));
    }
    var place = new SeenContexts.Place(environment, null, NOON, ONE, 3);
    assertThat(answer(new SeenContexts(warehouse.queries(), 1).types(place, "u")))
        .allSatisfy(type -> assertThat(type.samples()).hasSizeLessThanOrEqualTo(3));
  }

  @Test
  void lastEvaluationsOfAContextAreItsOwnNewestFirstAndOnce() {
    var environment = Events.environment();
    var newest = seen(environment, NOON.plusSeconds(9), "checkout", "on", "user", "u/1 ä");
    var oldest = seen(environment, NOON, "search", "off", "user", "u/1 ä");
    store(oldest, newest, seen(environment, NOON, "checkout", "on", "organization", "u/1 ä"));
    store(newest);
    var contexts = new SeenContexts(warehouse.queries(), 1);
    var place = new SeenContexts.Place(environment, "user", NOON, ONE, 10);
    assertThat(answer(contexts.evaluations(place, "u/1 ä")))
        .containsExactly(
            new SeenContexts.Evaluation(
                newest.id().toString(), newest.at(), "checkout", "on", "eu", "", "server_sdk"),
            new SeenContexts.Evaluation(
                oldest.id().toString(), NOON, "search", "off", "eu", "", "server_sdk"));
    var one = new SeenContexts.Place(environment, "user", NOON, ONE, 1);
    assertThat(answer(contexts.evaluations(one, "u/1 ä"))).hasSize(1);
  }

  @Test
  void eventsAreKeptAsLongAsTheSettingSays() {
    var url = Stores.shared().freshClickHouse().url();
    var postgres = Warehouse.postgres(Stores.shared().freshPostgres().url());
    var month = Map.of("stitchd.warehouse.events-ttl", "34d");
    try (var there = new Warehouse(url, postgres, month).awaitUp()) {
      for (var table : List.of("evaluation_events", "track_events", "flag_counts")) {
        assertThat(definition(there, table))
            .contains("TTL toDateTime(at) + toIntervalSecond(2937600)");
      }
    }
    for (int start = 0; start < 2; start++) {
      try (var forEver = new Warehouse(url, postgres).awaitUp()) {
        assertThat(definition(forEver, "evaluation_events")).doesNotContain("TTL toDateTime");
      }
    }
  }

  @Test
  void rollupsAreKeptAsLongAsTheirSettingSays() {
    var url = Stores.shared().freshClickHouse().url();
    var postgres = Warehouse.postgres(Stores.shared().freshPostgres().url());
    var old = Instant.now().minus(Duration.ofDays(200)).getEpochSecond();
    var young = Instant.now().minus(Duration.ofDays(99)).getEpochSecond();
    try (var forEver = new Warehouse(url, postgres).awaitUp()) {
      for (long hour : List.of(old, young)) {
        var _ =
            forEver
                .store()
                .query(
                    "INSERT INTO evaluation_rollups (environment_id, flag, hour, kind, rows, variants, counts) SELECT generateUUIDv4(), 'checkout', toDateTime(%d, 'UTC'), 'evaluation', 1, ['on'], [1]"
                        .formatted(hour));
      }
      assertThat(definition(forEver, "evaluation_rollups")).doesNotContain("TTL hour");
    }
    var settings =
        Map.of("stitchd.warehouse.events-ttl", "34d", "stitchd.warehouse.rollups-ttl", "150d");
    try (var there = new Warehouse(url, postgres, settings).awaitUp()) {
      assertThat(definition(there, "evaluation_rollups"))
          .contains("TTL hour + toIntervalSecond(12960000)", "ttl_only_drop_parts = 1");
      Warehouse.await(
          () -> {
            var _ = there.store().query("OPTIMIZE TABLE evaluation_rollups FINAL");
            return there.number("SELECT count() FROM evaluation_rollups") == 1;
          },
          Duration.ofSeconds(30));
      assertThat(there.number("SELECT toUnixTimestamp(max(hour)) FROM evaluation_rollups"))
          .isEqualTo(young);
    }
    try (var forEver = new Warehouse(url, postgres).awaitUp()) {
      assertThat(definition(forEver, "evaluation_rollups")).doesNotContain("TTL hour");
    }
  }

  private static String definition(Warehouse there, String table) {
    return there.store().query("SHOW CREATE TABLE " + table).getFirst();
  }
}
