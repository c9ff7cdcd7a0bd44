package dev.stitchd.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.EnvironmentId;
import java.time.Duration;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

/// What the courier relies on; run against the fake and against the real store.
public interface EventSinkContract {

  EventSink sink();

  /// How many rows the store holds of an environment, doubles included.
  long rows(EnvironmentId environment);

  static Batch batch(List<Event> rows) {
    var first = rows.getFirst();
    return new Batch(
        UUID.randomUUID().toString(),
        EventKind.of(first),
        YearMonth.from(first.at().atOffset(ZoneOffset.UTC)),
        rows);
  }

  private void store(Parcel parcel) {
    sink().write(parcel).as(StepVerifier::create).expectComplete().verify(Duration.ofSeconds(20));
  }

  private void store(Batch batch) {
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
  default void parcelIsItsBatchAsBytes() {
    var environment = Events.environment();
    var events = Events.evaluations(environment, 100);
    var parcel = sink().encode(batch(events));
    assertThat(parcel.rows()).isEqualTo(100);
    for (int row = 0; row < 100; row++) {
      assertThat(parcel.environment(row)).isEqualTo(environment);
      assertThat(parcel.id(row)).isEqualTo(events.get(row).id());
    }
    store(parcel);
    assertThat(rows(environment)).isEqualTo(100);
  }

  @Test
  default void batchAndItsParcelAreStoredOnce() {
    var environment = Events.environment();
    var batch = batch(Events.evaluations(environment, 10));
    var parcel = sink().encode(batch);
    assertThat(parcel.token()).isEqualTo(batch.token());
    store(batch);
    store(parcel);
    store(parcel);
    assertThat(rows(environment)).isEqualTo(10);
  }

  @Test
  default void refusedParcelCanBeHalvedUntilTheBadRowIsAlone() {
    var environment = Events.environment();
    var rows = new ArrayList<Event>();
    for (int i = 0; i < 5; i++) {
      rows.add(Events.count(environment, Events.NOON, i == 3 ? 0 : 5));
    }
    assertThat(refusedRows(sink().encode(batch(rows)))).containsExactly(rows.get(3).id());
    assertThat(rows(environment)).isEqualTo(4);
  }

  private List<UUID> refusedRows(Parcel parcel) {
    try {
      sink().write(parcel).block(Duration.ofSeconds(20));
      return List.of();
    } catch (EventSink.Refused _) {
      return parcel.single()
          ? List.of(parcel.id(0))
          : parcel.halves().stream().flatMap(half -> refusedRows(half).stream()).toList();
    }
  }
}
