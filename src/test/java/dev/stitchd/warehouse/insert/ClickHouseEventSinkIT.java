package dev.stitchd.warehouse.insert;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.delivery.EventSink;
import dev.stitchd.delivery.EventSinkContract;
import dev.stitchd.delivery.Events;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.warehouse.Warehouse;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

class ClickHouseEventSinkIT implements EventSinkContract {

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

  @Override
  public EventSink sink() {
    return warehouse.sink();
  }

  @Override
  public long rows(EnvironmentId environment) {
    return warehouse.number(
        "SELECT (SELECT count() FROM evaluation_events WHERE environment_id = '%1$s') + (SELECT count() FROM flag_counts WHERE environment_id = '%1$s') + (SELECT count() FROM track_events WHERE environment_id = '%1$s')"
            .formatted(environment));
  }

  @Test
  void anInsertIsAnsweredWhenItIsOnTheDisk() {
    for (var kind : EventKind.values()) {
      assertThat(
              warehouse
                  .store()
                  .query(
                      "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = '%s'"
                          .formatted(kind.table()))
                  .getFirst())
          .contains("fsync_after_insert = 1")
          .contains("fsync_part_directory = 1");
    }
  }

  @Test
  void everyFieldArrivesAsItWas() {
    var environment = Events.environment();
    var id = UUID.randomUUID();
    var long128 = "k".repeat(128) + "é😀\t'\\";
    var event =
        new Event.Evaluation(
            environment,
            id,
            Instant.parse("2026-10-15T12:00:00.123Z"),
            Instant.parse("2026-10-15T12:00:01.456Z"),
            Event.Source.CLIENT_SDK,
            "checkout",
            "on",
            null,
            "SPLIT",
            "user",
            long128,
            attributes());
    store(sink().encode("every-field", EventKind.EVALUATION, List.of(event)));
    var row =
        warehouse
            .store()
            .query(
                "SELECT id, at, received_at, source, flag, variant, rule_id, reason, context_type, hex(context_key), attributes FROM evaluation_events WHERE environment_id = '%s'"
                    .formatted(environment));
    assertThat(row)
        .containsExactly(
            String.join(
                "\t",
                id.toString(),
                "2026-10-15 12:00:00.123",
                "2026-10-15 12:00:01.456",
                "client_sdk",
                "checkout",
                "on",
                "",
                "SPLIT",
                "user",
                java.util.HexFormat.of()
                    .withUpperCase()
                    .formatHex(long128.getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                "{'plan':'pro','organization.key':'acme'}"));
  }

  private static Map<String, String> attributes() {
    var attributes = new LinkedHashMap<String, String>();
    attributes.put("plan", "pro");
    attributes.put("organization.key", "acme");
    return attributes;
  }

  private static Event.Track track(
      EnvironmentId environment, @Nullable Double value, String properties) {
    return new Event.Track(
        environment,
        UUID.randomUUID(),
        Instant.parse("2026-10-15T12:00:00.123Z"),
        Instant.parse("2026-10-15T12:00:01.456Z"),
        Event.Source.CLIENT_SDK,
        "purchase",
        value,
        properties,
        "user",
        "u1",
        attributes());
  }

  @Test
  void everyFieldOfATrackEventArrivesAsItWas() {
    var environment = Events.environment();
    store(
        sink()
            .encode(
                "every-field-of-track",
                EventKind.TRACK,
                List.of(
                    track(environment, 49.9, "{\"currency\":\"EUR\",\"n\":1}"),
                    track(environment, null, "{}"))));
    assertThat(
            warehouse
                .store()
                .query(
                    "SELECT at, received_at, source, event, value, properties, context_type, context_key, attributes FROM track_events WHERE environment_id = '%s' ORDER BY value NULLS LAST"
                        .formatted(environment)))
        .containsExactly(
            "2026-10-15 12:00:00.123\t2026-10-15 12:00:01.456\tclient_sdk\tpurchase\t49.9\t{\"currency\":\"EUR\",\"n\":1}\tuser\tu1\t{'plan':'pro','organization.key':'acme'}",
            "2026-10-15 12:00:00.123\t2026-10-15 12:00:01.456\tclient_sdk\tpurchase\t\\N\t{}\tuser\tu1\t{'plan':'pro','organization.key':'acme'}");
  }

  @Test
  void manyBatchesAtOnceAreAllStored() {
    var environment = Events.environment();
    var batches =
        IntStream.range(0, 40)
            .mapToObj(_ -> EventSinkContract.batch(sink(), Events.evaluations(environment, 500)))
            .toList();
    Flux.fromIterable(batches)
        .flatMap(sink()::write, 8)
        .as(StepVerifier::create)
        .expectComplete()
        .verify(Duration.ofSeconds(30));
    assertThat(rows(environment)).isEqualTo(20_000);
  }

  private void store(EncodedBatch batch) {
    sink().write(batch).as(StepVerifier::create).expectComplete().verify(Duration.ofSeconds(20));
  }
}
