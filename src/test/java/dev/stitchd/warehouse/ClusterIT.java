package dev.stitchd.warehouse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.delivery.EventSink;
import dev.stitchd.delivery.EventSinkContract;
import dev.stitchd.delivery.Events;
import dev.stitchd.dev.OwnClickHouse;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.warehouse.EventRemoval.Context;
import dev.stitchd.warehouse.EventRemoval.Removal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/// A cluster of two shards from an empty state: every question is answered as by a single server
/// that has the same events, and not at all while a shard is away.
class ClusterIT {

  private static final Instant NOON = Events.NOON;
  private static final Instant END = NOON.plus(Duration.ofDays(1));
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final EnvironmentId environment = Events.environment();

  @Test
  void questionsAreAnsweredAsByOneServerAndNotWithoutAShard() {
    assumeTrue(
        System.getProperty("os.name").startsWith("Linux"),
        "needs the address 127.0.0.2 to be there");
    var shards = OwnClickHouse.startedShards(2);
    var postgres = Warehouse.postgres(Stores.shared().freshPostgres().url());
    var url = StoreUrl.of(shards.getFirst().url()).withDatabase("stitchd");
    try (var one = new Warehouse(Stores.shared().freshClickHouse().url(), postgres).awaitUp();
        var cluster =
            new Warehouse(
                    url,
                    postgres,
                    Map.of(
                        "stitchd.clickhouse.cluster", "cluster",
                        "stitchd.clickhouse.cluster-replicated", "false"))
                .awaitUp()) {
      for (var batch : ledger()) {
        for (int sent = 0; sent < 2; sent++) { // the second time under the same token
          store(one, batch);
          store(cluster, batch);
        }
      }
      for (var shard : shards) {
        assertThat(
                StoreUrl.of(StoreUrl.of(shard.url()).withDatabase("stitchd"))
                    .query("SELECT count() > 0 FROM evaluation_events_shard"))
            .containsExactly("1");
      }
      assertThat(cluster.number("SELECT count() FROM evaluation_events")).isEqualTo(300);
      assertThat(answers(cluster)).isEqualTo(answers(one));
      assertThat(cluster.rollUp()).isPositive();
      assertThat(one.rollUp()).isPositive();
      assertThat(answers(cluster)).isEqualTo(answers(one));
      assertThat(cluster.rollUp()).isZero();

      for (var key : List.of("u3", "u11", "u17")) {
        var erased = new Removal(environment, new Context("user", key, END));
        assertThat(cluster.remove(erased)).isEqualTo(one.remove(erased));
        assertThat(answers(cluster)).as("without %s", key).isEqualTo(answers(one));
      }

      shards.getLast().stop();
      assertThatThrownBy(() -> answers(cluster))
          .isInstanceOfSatisfying(
              Problem.Unavailable.class,
              problem -> assertThat(problem).hasMessageContaining("shard at 127.0.0.2:"));
      var late = batch(cluster, Events.evaluations(environment, 40));
      cluster
          .sink()
          .write(late)
          .as(StepVerifier::create)
          .expectErrorSatisfies(failure ->
              assertThat(failure)
                  .isInstanceOfSatisfying(
                      EventSink.Unavailable.class,
                      away -> assertThat(away.reason()).contains("shard at 127.0.0.2:")))
          .verify(PATIENCE);
      shards.getLast().start();
      // the shard that stayed may have its part already
      Warehouse.await(() -> isStored(cluster, late), PATIENCE);
      assertThat(
              cluster.number(
                  "SELECT count() FROM evaluation_events WHERE rule_id = 'eu' AND startsWith(context_key, 'u-')"))
          .isEqualTo(40);
    } finally {
      shards.forEach(OwnClickHouse::close);
    }
  }

  /// Batches, each of one kind. Ids come again, with other variants, times and units.
  private List<List<Event>> ledger() {
    var random = new Random(7);
    var evaluations = new ArrayList<Event>();
    for (int i = 0; i < 300; i++) {
      evaluations.add(evaluation(new UUID(7, random.nextInt(200)), i, random));
    }
    var tracks = new ArrayList<Event>();
    var counts = new ArrayList<Event>();
    for (int i = 0; i < 50; i++) {
      tracks.add(
          new Event.Track(
              environment,
              new UUID(8, random.nextInt(30)),
              NOON.plusSeconds(i),
              NOON.plusSeconds(i),
              Event.Source.SERVER_SDK,
              "purchase",
              1.0 * i,
              "{}",
              "user",
              "u" + random.nextInt(20),
              Map.of()));
      counts.add(
          new Event.Count(
              environment,
              new UUID(9, random.nextInt(30)),
              NOON.plusSeconds(60L * i),
              NOON.plusSeconds(60L * i),
              Event.Source.SERVER_SDK,
              "checkout",
              random.nextBoolean() ? "on" : "off",
              1 + random.nextInt(5)));
    }
    return List.of(evaluations.subList(0, 150), evaluations.subList(150, 300), tracks, counts);
  }

  private Event.Evaluation evaluation(UUID id, int i, Random random) {
    return new Event.Evaluation(
        environment,
        id,
        NOON.plusSeconds(60L * random.nextInt(300)),
        NOON.plusSeconds(20_000L + i),
        Event.Source.SERVER_SDK,
        "checkout",
        random.nextBoolean() ? "on" : "off",
        "eu",
        "SPLIT",
        "user",
        random.nextInt(10) == 0 ? "" : "u" + random.nextInt(40),
        Map.of("plan", "pro"));
  }

  private static EncodedBatch batch(Warehouse warehouse, List<Event> events) {
    return EventSinkContract.batch(warehouse.sink(), events);
  }

  private static void store(Warehouse warehouse, List<Event> events) {
    warehouse
        .sink()
        .write(warehouse.sink().encode(token(events), events.getFirst().kind(), events))
        .as(StepVerifier::create)
        .expectComplete()
        .verify(PATIENCE);
  }

  private static boolean isStored(Warehouse warehouse, EncodedBatch batch) {
    return warehouse
        .sink()
        .write(batch)
        .thenReturn(true)
        .onErrorReturn(EventSink.Unavailable.class, false)
        .blockOptional(PATIENCE)
        .orElseThrow();
  }

  private static String token(List<Event> events) {
    return "ledger-"
        + events.getFirst().kind()
        + events.size()
        + events.getFirst().id()
        + events.getFirst().at();
  }

  private Map<String, Object> answers(Warehouse warehouse) {
    var all = new LinkedHashMap<String, Object>();
    for (var interval : List.of(Duration.ofHours(1), Duration.ofMinutes(10))) {
      all.put(
          "evaluations by " + interval,
          answer(
              warehouse
                  .stats()
                  .counts(environment, "checkout", NOON, END, interval)
                  .collectList()));
    }
    all.put("exposures", answer(warehouse.exposures().of(environment, "checkout", NOON, END)));
    all.put("use", answer(new FlagUse(warehouse.queries()).since(environment, NOON)));
    var place = new SeenContexts.Place(environment, null, NOON, END, 200);
    all.put("contexts", answer(new SeenContexts(warehouse.queries(), 1_000_000).types(place, "u")));
    for (var kind : EventKind.values()) {
      all.put("export of " + kind, exported(warehouse, kind));
    }
    return all;
  }

  private List<String> exported(Warehouse warehouse, EventKind kind) {
    return answer(
            warehouse
                .export()
                .bytes(new EventExport.Wanted(environment, kind, NOON, END, ExportFormat.NDJSON))
                .map(buffer -> {
                  var text = buffer.toString(StandardCharsets.UTF_8);
                  buffer.release();
                  return text;
                })
                .collect(Collectors.joining()))
        .lines()
        .sorted()
        .toList();
  }

  private static <T> T answer(Mono<T> question) {
    return question.blockOptional(PATIENCE).orElseThrow();
  }
}
