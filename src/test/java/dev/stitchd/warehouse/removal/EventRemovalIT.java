package dev.stitchd.warehouse.removal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventSink;
import dev.stitchd.delivery.Events;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.warehouse.EventRemoval.Context;
import dev.stitchd.warehouse.EventRemoval.Removal;
import dev.stitchd.warehouse.Exposures;
import dev.stitchd.warehouse.Warehouse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.assertj.core.data.Index;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

@LongRunning
class EventRemovalIT {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Instant NOON = Instant.parse("2026-10-15T12:00:00Z");
  private static final Instant ONE = NOON.plus(Duration.ofHours(1));
  private static final Instant LATER = NOON.plus(Duration.ofHours(2));

  private static Warehouse warehouse;

  @BeforeAll
  static void open() {
    warehouse =
        new Warehouse(
                Stores.shared().freshClickHouse().url(),
                Warehouse.postgres(Stores.shared().freshPostgres().url()),
                Map.of("stitchd.warehouse.exact-users", "3"))
            .awaitUp();
  }

  @AfterAll
  static void close() {
    warehouse.close();
  }

  private static void store(List<? extends Event> rows) {
    for (var row : rows) {
      warehouse
          .sink()
          .write(batch(row))
          .as(StepVerifier::create)
          .expectComplete()
          .verify(Duration.ofSeconds(20));
    }
  }

  private static EncodedBatch batch(Event row) {
    return warehouse.sink().encode(UUID.randomUUID().toString(), row.kind(), List.of(row));
  }

  private static Event.Evaluation seen(
      EnvironmentId environment, Instant at, String key, Map<String, String> attributes) {
    return new Event.Evaluation(
        environment,
        UUID.randomUUID(),
        at,
        at,
        Event.Source.SERVER_SDK,
        "checkout",
        "on",
        "eu",
        "SPLIT",
        "user",
        key,
        attributes);
  }

  private static Event.Evaluation seen(EnvironmentId environment, Instant at, String key) {
    return seen(environment, at, key, Map.of());
  }

  private static Event.Track did(EnvironmentId environment, Instant at, String key) {
    return new Event.Track(
        environment,
        UUID.randomUUID(),
        at,
        at,
        Event.Source.SERVER_SDK,
        "purchase",
        3.0,
        "{}",
        "user",
        key,
        Map.of());
  }

  private static Removal of(EnvironmentId environment, String type, String key) {
    return new Removal(environment, new Context(type, key, LATER));
  }

  private static long rows(String table, EnvironmentId environment, String condition) {
    return warehouse.number(
        "SELECT count() FROM %s WHERE environment_id = '%s' AND %s"
            .formatted(table, environment, condition));
  }

  /// Rollups in which somebody is.
  private static long knowing(EnvironmentId environment, String key) {
    return rows(
        "evaluation_rollups",
        environment,
        "has(arrayFlatten(units), sipHash64('user', '%s'))".formatted(key));
  }

  private static Exposures.Answer users(EnvironmentId environment) {
    return warehouse
        .exposures()
        .of(environment, "checkout", NOON.minus(Duration.ofDays(1)), LATER.plus(Duration.ofDays(1)))
        .blockOptional(Duration.ofSeconds(20))
        .orElseThrow();
  }

  @Test
  void everyTableThatHasRowsOfAnEnvironmentIsEmptiedOfThem() {
    assertThat(
            warehouse
                .store()
                .query(
                    "SELECT table FROM system.columns WHERE database = currentDatabase() AND name = 'environment_id'"))
        .containsExactlyInAnyOrderElementsOf(ClickHouseEventRemoval.TABLES);
  }

  @Test
  void anEnvironmentLosesAllItsRowsAndItsNeighbourNone() {
    var environment = Events.environment();
    var neighbour = Events.environment();
    for (var one : List.of(environment, neighbour)) {
      store(List.of(seen(one, NOON, "ann"), did(one, NOON, "ann"), Events.count(one, NOON, 5)));
      var _ =
          warehouse
              .store()
              .query(
                  "INSERT INTO rejected_events (environment_id, received_at, id, code, detail, node) VALUES ('%s', now64(3), 'x', 'bad', 'x', 'n')"
                      .formatted(one));
    }
    warehouse.rollUp();
    assertThat(warehouse.remove(new Removal(environment, null))).containsExactly(6L);
    for (var table : ClickHouseEventRemoval.TABLES) {
      assertThat(rows(table, environment, "true")).as(table).isZero();
      assertThat(rows(table, neighbour, "true")).as(table).isPositive();
    }
    assertThat(warehouse.remove(new Removal(environment, null))).containsExactly(0L);
  }

  @Test
  void aPersonLosesWhatWasReceivedUntilThenAndNobodyElseAnything() {
    var environment = Events.environment();
    var other = Events.environment();
    var quoted = "o'neil\\%";
    store(
        List.of(
            seen(environment, NOON, quoted),
            seen(environment, LATER, quoted),
            seen(environment, LATER.plusMillis(1), quoted),
            did(environment, NOON, quoted),
            seen(environment, NOON, "ann"),
            did(environment, NOON, "ann"),
            seen(other, NOON, quoted)));
    assertThat(warehouse.remove(of(environment, "user", quoted), of(other, "user", "nobody")))
        .containsExactly(3L, 0L);
    assertThat(rows("evaluation_events", environment, "context_key = 'ann'")).isEqualTo(1);
    assertThat(rows("track_events", environment, "context_key = 'ann'")).isEqualTo(1);
    assertThat(rows("evaluation_events", environment, "true"))
        .as("what was received later is new")
        .isEqualTo(2);
    assertThat(rows("track_events", environment, "true")).isEqualTo(1);
    assertThat(rows("evaluation_events", other, "true")).isEqualTo(1);
  }

  /// Rows of a deleted environment come without end; the others of its batch are done all the same.
  @Test
  void whatRowsGoOnComingForKeepsNoOtherFromItsEnd() throws InterruptedException {
    var gone = Events.environment();
    var over = new AtomicBoolean();
    var writer =
        Thread.ofVirtual()
            .start(() -> {
              while (!over.get()) {
                store(List.of(seen(gone, NOON, "ann")));
                // each is a part of its own, and thousands of them would take a minute to rewrite
                LockSupport.parkNanos(20_000_000);
              }
            });
    try {
      // until a row came in during each of the mutations that one removal may begin
      await().atMost(Duration.ofMinutes(2)).until(() -> isLeftForLater(gone));
    } finally {
      over.set(true);
      writer.join();
    }
  }

  private static boolean isLeftForLater(EnvironmentId gone) {
    var environment = Events.environment();
    store(List.of(seen(environment, NOON, "ann")));
    var removed = warehouse.removedOf(of(environment, "user", "ann"), new Removal(gone, null));
    assertThat(removed).hasSameSizeAs(ClickHouseEventRemoval.TABLES);
    assertThat(removed).noneMatch(table -> table.getFirst().left());
    assertThat(rows("evaluation_events", environment, "true")).isZero();
    return removed.stream().anyMatch(table -> table.getLast().left());
  }

  @Test
  void anEventOfWhichAnotherContextWasToldGoesToo() {
    var environment = Events.environment();
    store(
        List.of(
            seen(environment, NOON, "ann", Map.of("device.key", "d1")),
            seen(environment, NOON, "ann", Map.of("device.key", "d2"))));
    assertThat(warehouse.remove(of(environment, "device", "d1"))).containsExactly(1L);
    assertThat(rows("evaluation_events", environment, "attributes['device.key'] = 'd2'"))
        .isEqualTo(1);
  }

  @Test
  void rollupsForgetThePersonAndAreMadeAgainFromWhatStays() {
    var environment = Events.environment();
    store(
        List.of(
            seen(environment, NOON, "ann"),
            seen(environment, NOON, "bob"),
            seen(environment, ONE, "bob")));
    warehouse.rollUp();
    assertThat(users(environment).users()).isEqualTo(2);
    assertThat(knowing(environment, "ann")).isEqualTo(1);

    assertThat(warehouse.remove(of(environment, "user", "ann"))).containsExactly(1L);
    assertThat(knowing(environment, "ann")).isZero();
    assertThat(rows("evaluation_rollups", environment, "true"))
        .as("the hour in which she was has its rollup again")
        .isEqualTo(2);
    assertThat(knowing(environment, "bob")).isEqualTo(2);
    assertThat(users(environment).users()).isEqualTo(1);
    assertThat(users(environment).evaluations()).isEqualTo(2);
  }

  @Test
  void aSketchInWhichThePersonMayBeIsMadeAgain() {
    var environment = Events.environment();
    store(
        List.of(
            seen(environment, NOON, "ann"),
            seen(environment, NOON, "bob"),
            seen(environment, NOON, "cyd"),
            seen(environment, NOON, "dan")));
    warehouse.rollUp();
    assertThat(rows("evaluation_rollups", environment, "units[1] = []")).isEqualTo(1);
    assertThat(warehouse.remove(of(environment, "user", "ann"))).containsExactly(1L);
    assertThat(rows("evaluation_rollups", environment, "length(units[1]) = 3")).isEqualTo(1);
    assertThat(rows("evaluation_rollups", environment, "true")).isEqualTo(1);
    assertThat(users(environment).users()).isEqualTo(3);
  }

  /// As after the time for which events are kept.
  @Test
  void anHourWhoseEventsAreGoneKeepsItsCountsAndForgetsThePerson() {
    var environment = Events.environment();
    store(List.of(seen(environment, NOON, "ann"), seen(environment, NOON, "bob")));
    warehouse.rollUp();
    var _ =
        warehouse
            .store()
            .query(
                "ALTER TABLE evaluation_events DELETE WHERE environment_id = '%s' SETTINGS mutations_sync = 2"
                    .formatted(environment));
    assertThat(users(environment).users()).isEqualTo(2);
    assertThat(warehouse.remove(of(environment, "user", "ann"))).containsExactly(0L);
    assertThat(knowing(environment, "ann")).isZero();
    assertThat(knowing(environment, "bob")).isEqualTo(1);
    assertThat(users(environment).users()).isEqualTo(1);
    assertThat(users(environment).evaluations()).isEqualTo(2);

    assertThat(warehouse.remove(of(environment, "user", "bob"))).containsExactly(0L);
    assertThat(users(environment).users()).isZero();
    assertThat(users(environment).approximate()).as("nobody is left, exactly").isFalse();
  }

  /// Warehouses of tests name two hours in a mutation.
  @Test
  void moreHoursThanOneMutationNamesAreMadeAgainAndForgotten() {
    var environment = Events.environment();
    var hours = IntStream.range(0, 5).mapToObj(i -> NOON.minus(Duration.ofHours(i))).toList();
    for (var hour : hours) {
      store(List.of(seen(environment, hour, "ann"), seen(environment, hour, "bob")));
    }
    warehouse.rollUp();
    assertThat(knowing(environment, "ann")).isEqualTo(5);
    assertThat(warehouse.remove(of(environment, "user", "ann"))).containsExactly(5L);
    assertThat(knowing(environment, "ann")).isZero();
    assertThat(knowing(environment, "bob")).isEqualTo(5);
    assertThat(rows("evaluation_rollups", environment, "true")).isEqualTo(5);

    var _ =
        warehouse
            .store()
            .query(
                "ALTER TABLE evaluation_events DELETE WHERE environment_id = '%s' SETTINGS mutations_sync = 2"
                    .formatted(environment));
    assertThat(warehouse.remove(of(environment, "user", "bob"))).containsExactly(0L);
    assertThat(knowing(environment, "bob")).isZero();
    assertThat(users(environment).evaluations()).isEqualTo(5);
  }

  /// As many as one batch may have: a statement longer, and with more parts, than ClickHouse takes
  /// by default.
  @Test
  void theLargestBatchIsCarriedOut() {
    var environment = Events.environment();
    var removals =
        IntStream.range(0, 1_000)
            .mapToObj(
                i -> of(environment, i % 2 == 0 ? "user" : "device", "'".repeat(96) + (1_000 + i)))
            .toArray(Removal[]::new);
    store(List.of(seen(environment, NOON, "'".repeat(96) + 1_998), seen(environment, NOON, "bob")));
    warehouse.rollUp();
    assertThat(warehouse.remove(removals)).hasSize(1_000).contains(1L, Index.atIndex(998));
    assertThat(rows("evaluation_events", environment, "true")).isEqualTo(1);
    assertThat(knowing(environment, "bob")).isEqualTo(1);
  }

  @Test
  void aFailureIsToldByItsCodeSinceItsTextNamesPeople() {
    var told =
        new EventSink.Refused(
            "HTTP 400: Code: 62. DB::Exception: Syntax error: 'ann' (SYNTAX_ERROR)");
    assertThat(ClickHouseEventRemoval.byCode(told).toString())
        .contains("Code: 62")
        .doesNotContain("ann");
    var silent = new EventSink.Unavailable("no answer within 3 ms");
    assertThat(ClickHouseEventRemoval.byCode(silent)).isSameAs(silent);
  }

  @Test
  void mutationsThatDoNotEndAreNamed() {
    var environment = Events.environment();
    store(List.of(did(environment, NOON, "ann")));
    assertThat(warehouse.removal().atWork().block()).isNull();
    var _ = warehouse.store().query("SYSTEM STOP MERGES track_events");
    try {
      begin("ALTER TABLE track_events DELETE WHERE environment_id = '%s'".formatted(environment));
      assertThat(warehouse.removal().atWork().block())
          .matches("mutation_\\d+\\.txt of track_events for \\d+ s, \\d+ parts left");
    } finally {
      var _ = warehouse.store().query("SYSTEM START MERGES track_events");
    }
    await().atMost(SOON).until(() -> warehouse.removal().atWork().block() == null);
  }

  @Test
  void aMutationThatFailsIsNamedByItsCodeAlone() {
    var environment = Events.environment();
    store(List.of(did(environment, NOON, "ann")));
    try {
      begin(
          "ALTER TABLE track_events DELETE WHERE environment_id = '%s' AND throwIf(context_key = 'ann', 'of ann')"
              .formatted(environment));
      await()
          .atMost(SOON)
          .untilAsserted(() ->
              assertThat(warehouse.removal().atWork().block())
                  .contains(" of track_events for ")
                  .endsWith(" parts left, fails with Code: 395"));
    } finally {
      var _ =
          warehouse
              .store()
              .query("KILL MUTATION WHERE database = currentDatabase() AND NOT is_done SYNC");
    }
    await().atMost(SOON).until(() -> warehouse.removal().atWork().block() == null);
  }

  private static void begin(String mutation) {
    var _ = warehouse.store().query(mutation + " SETTINGS mutations_sync = 0");
  }

  @Test
  void thePartsOnDiskLoseThem() {
    var environment = Events.environment();
    store(List.of(seen(environment, NOON, "ann"), seen(environment, NOON, "bob")));
    assertThat(warehouse.remove(of(environment, "user", "ann"))).containsExactly(1L);
    assertThat(
            warehouse.number(
                "SELECT count() FROM evaluation_events WHERE environment_id = '%s' SETTINGS apply_deleted_mask = 0"
                    .formatted(environment)))
        .as("not only hidden")
        .isEqualTo(1);
  }
}
