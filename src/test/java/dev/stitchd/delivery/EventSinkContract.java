package dev.stitchd.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.EnvironmentId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/// What deliveries rely on; run against the fake and against the real store.
public interface EventSinkContract {

  EventSink sink();

  /// How many rows the store holds of an environment, doubles included.
  long rows(EnvironmentId environment);

  static EncodedBatch batch(EventSink sink, List<Event> rows) {
    return sink.encode(UUID.randomUUID().toString(), rows.getFirst().kind(), rows);
  }

  private EncodedBatch batch(List<Event> rows) {
    return batch(sink(), rows);
  }

  private void store(EncodedBatch batch) {
    sink().write(batch).as(StepVerifier::create).expectComplete().verify(Duration.ofSeconds(20));
  }

  @Test
  default void everyRowOfABatchIsStored() {
    var environment = Events.environment();
    store(batch(Events.evaluations(environment, 1_000)));
    store(batch(List.of(Events.count(environment, Events.NOON, 1_200))));
    store(batch(List.of(Events.track(environment, Events.NOON, 49.9))));
    assertThat(rows(environment)).isEqualTo(1_002);
  }

  @Test
  default void sameTokenTwiceIsStoredOnce() {
    var environment = Events.environment();
    var batch = batch(Events.evaluations(environment, 10_000));
    store(batch);
    store(batch(Events.evaluations(environment, 3)));
    store(batch);
    assertThat(rows(environment)).isEqualTo(10_003);
  }

  @Test
  default void sameRowsUnderAnotherTokenAreStoredAgain() {
    var environment = Events.environment();
    var rows = Events.evaluations(environment, 5);
    store(batch(rows));
    store(batch(rows));
    assertThat(rows(environment)).isEqualTo(10);
  }

  @Test
  default void batchWithARowThatCannotBeTakenIsRefusedWhole() {
    var environment = Events.environment();
    var rows = new ArrayList<Event>();
    for (int i = 0; i < 50; i++) {
      rows.add(Events.count(environment, Events.NOON, i == 33 ? 0 : 5));
    }
    var batch = batch(rows);
    sink()
        .write(batch)
        .as(StepVerifier::create)
        .expectError(EventSink.Refused.class)
        .verify(Duration.ofSeconds(20));
    assertThat(rows(environment)).isZero();
  }

  @Test
  default void encodedBatchNamesItsEvents() {
    var environment = Events.environment();
    var events = Events.evaluations(environment, 100);
    var batch = batch(events);
    assertThat(batch.rows()).isEqualTo(100);
    for (int row = 0; row < 100; row++) {
      assertThat(batch.environment(row)).isEqualTo(environment);
      assertThat(batch.id(row)).isEqualTo(events.get(row).id());
    }
    store(batch);
    assertThat(rows(environment)).isEqualTo(100);
  }

  @Test
  default void batchThatIsEncodedAgainIsStoredOnce() {
    var environment = Events.environment();
    var events = Events.evaluations(environment, 10);
    var batch = sink().encode("again-" + environment, EventKind.EVALUATION, events);
    var again = sink().encode("again-" + environment, EventKind.EVALUATION, events);
    assertThat(again).usingRecursiveComparison().isEqualTo(batch);
    store(batch);
    store(again);
    store(batch);
    assertThat(rows(environment)).isEqualTo(10);
  }

  @Test
  default void refusedBatchIsSplitUntilTheBadRowIsAlone() {
    var environment = Events.environment();
    var rows = new ArrayList<Event>();
    for (int i = 0; i < 5; i++) {
      rows.add(Events.count(environment, Events.NOON, i == 3 ? 0 : 5));
    }
    batch(rows)
        .<Object>settle(
            part -> sink().write(part.batch()).thenReturn(part.batch().rows()),
            (row, _) -> Mono.just(row.of(rows).getFirst().id()))
        .as(StepVerifier::create)
        .expectNext(2, 1, rows.get(3).id(), 1)
        .expectComplete()
        .verify(Duration.ofSeconds(20));
    assertThat(rows(environment)).isEqualTo(4);
  }
}
