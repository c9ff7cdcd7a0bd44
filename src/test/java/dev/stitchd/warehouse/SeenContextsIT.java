package dev.stitchd.warehouse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.stitchd.delivery.Events;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.EnvironmentId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/// A week of events of three flags that ends at noon, as many in each hour, put there by SQL. Those
/// of the flag that comes first in the table's order are the oldest.
class SeenContextsIT {

  private static final Instant END = Instant.parse("2026-10-15T12:00:00Z");
  private static final Instant BEGIN = END.minus(Duration.ofDays(7));

  private static final long EVENTS = 400_000;

  private static final long STEP = Duration.ofDays(7).toMillis() / EVENTS;
  private static final Instant NEWEST = BEGIN.plusMillis((EVENTS - 1) * STEP);

  private static Warehouse warehouse;
  private static EnvironmentId environment;

  @BeforeAll
  static void open() {
    warehouse =
        new Warehouse(
                Stores.shared().freshClickHouse().url(),
                Warehouse.postgres(Stores.shared().freshPostgres().url()))
            .awaitUp();
    environment = Events.environment();
    var _ =
        warehouse
            .store()
            .query(
                """
                INSERT INTO evaluation_events (environment_id, flag, variant, rule_id, reason, context_type, context_key, attributes, at, id, source, received_at)
                SELECT toUUID('%s'), ['a', 'b', 'c'][least(3, intDiv(number * 3, %d) + 1)], 'on', '', 'STATIC',
                       if(number < 10 OR number %% 500 = 0, 'organization', 'user'), concat('u-', toString(number %% 100000)),
                       map('country', ['DE', 'FR', 'US'][number %% 3 + 1], 'n', toString(number)),
                       fromUnixTimestamp64Milli(toInt64(%d + number * %d)) AS seen, generateUUIDv4(number), 'server_sdk', seen
                FROM numbers(%d)
                """
                    .formatted(environment, EVENTS, BEGIN.toEpochMilli(), STEP, EVENTS));
  }

  @AfterAll
  static void close() {
    warehouse.close();
  }

  private static <T> T answer(Mono<T> question) {
    return question.blockOptional(Duration.ofSeconds(20)).orElseThrow();
  }

  private static SeenContexts.Place place(int samples) {
    return new SeenContexts.Place(environment, null, BEGIN, END, samples);
  }

  @Test
  void lastSeenIsTheNewestThoughFewAreRead() {
    var contexts = new SeenContexts(warehouse.queries(), EVENTS / 4);
    assertThat(answer(contexts.types(place(20), "")))
        .extracting(SeenContexts.Seen::name, SeenContexts.Seen::lastSeenAt)
        .containsExactly(
            tuple("organization", BEGIN.plusMillis((EVENTS - 500) * STEP)), tuple("user", NEWEST));
    assertThat(answer(contexts.attributes(place(20), "")))
        .extracting(SeenContexts.Seen::name, SeenContexts.Seen::lastSeenAt)
        .containsExactly(tuple("country", NEWEST), tuple("n", NEWEST));
  }

  @Test
  void aPrefixThatFewHaveIsLookedForAmongAll() {
    var contexts = new SeenContexts(warehouse.queries(), 4 * EVENTS);
    var key = "u-" + (EVENTS / 2) % 100_000;
    assertThat(answer(contexts.types(place(20), key)))
        .anySatisfy(seen -> assertThat(seen.samples()).contains(key));
    assertThat(answer(contexts.values(place(3), "n", "no"))).isEmpty();
    assertThat(answer(contexts.values(place(3), "n", "17")))
        .singleElement()
        .satisfies(seen ->
            assertThat(seen.samples())
                .hasSize(3)
                .allSatisfy(value -> assertThat(value).startsWith("17")));
    assertThat(answer(contexts.values(place(20), "country", "")).getFirst().samples())
        .isEqualTo(List.of("DE", "FR", "US"));
  }
}
