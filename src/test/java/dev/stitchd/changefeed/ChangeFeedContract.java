package dev.stitchd.changefeed;

import dev.stitchd.kernel.EnvironmentId;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

/// What every change feed keeps to.
interface ChangeFeedContract {

  Duration SOON = Duration.ofSeconds(10);

  ChangeFeed feed();

  /// Announces in one transaction that commits.
  void commit(List<Ring> rings);

  /// Announces in a transaction that does not commit.
  void rollBack(List<Ring> rings);

  /// Takes away the connection that listens.
  void loseConnection();

  @Test
  default void beginsWithAResync() {
    feed().rings().as(StepVerifier::create).expectNext(new Ring.Resync()).thenCancel().verify(SOON);
  }

  @Test
  default void whatIsCommittedIsHeardAndWhatIsRolledBackIsNot() {
    var environment = new EnvironmentId(UUID.randomUUID());
    feed()
        .rings()
        .filter(ring -> !(ring instanceof Ring.Resync))
        .as(StepVerifier::create)
        .then(() -> rollBack(List.of(new Ring.At(environment, 12, 1))))
        .then(() -> commit(List.of(new Ring.At(environment, 13, 2))))
        .expectNext(new Ring.At(environment, 13, 2))
        .thenCancel()
        .verify(SOON);
  }

  @Test
  default void oneTransactionMayRingForSeveralEnvironments() {
    var one = new EnvironmentId(UUID.randomUUID());
    var other = new EnvironmentId(UUID.randomUUID());
    feed()
        .rings()
        .filter(ring -> !(ring instanceof Ring.Resync))
        .as(StepVerifier::create)
        .then(() -> commit(List.of(new Ring.At(one, 1, 1), new Ring.Removed(other))))
        .expectNext(new Ring.At(one, 1, 1), new Ring.Removed(other))
        .thenCancel()
        .verify(SOON);
  }

  @Test
  default void aSlowSubscriberHearsOnlyTheNewestOfEachEnvironment() {
    var busy = new EnvironmentId(UUID.randomUUID());
    var quiet = new EnvironmentId(UUID.randomUUID());
    var probe = new EnvironmentId(UUID.randomUUID());
    feed()
        .rings()
        .as(rings -> StepVerifier.create(rings, 1))
        .expectNext(new Ring.Resync())
        .then(() -> commit(List.of(new Ring.At(quiet, 5, 1))))
        .then(() -> IntStream.rangeClosed(1, 50).forEach(r -> commit(List.of(at(busy, r)))))
        .then(() -> commit(List.of(new Ring.Removed(probe))))
        .then(() -> waitUntilHeard(probe))
        .thenRequest(Long.MAX_VALUE)
        .expectNext(new Ring.At(quiet, 5, 1), at(busy, 50), new Ring.Removed(probe))
        .thenCancel()
        .verify(SOON);
  }

  @Test
  default void aLostConnectionBringsAResyncAndThenRingsAgain() {
    var environment = new EnvironmentId(UUID.randomUUID());
    feed()
        .rings()
        .as(StepVerifier::create)
        .expectNext(new Ring.Resync())
        .then(this::loseConnection)
        .thenConsumeWhile(ring -> !(ring instanceof Ring.Resync))
        .expectNext(new Ring.Resync())
        .then(() -> commit(List.of(at(environment, 7))))
        .expectNext(at(environment, 7))
        .thenCancel()
        .verify(SOON);
  }

  /// Until another subscriber has heard of this environment, which was announced last.
  void waitUntilHeard(EnvironmentId environment);

  private static Ring at(EnvironmentId environment, long revision) {
    return new Ring.At(environment, revision, 1);
  }
}
