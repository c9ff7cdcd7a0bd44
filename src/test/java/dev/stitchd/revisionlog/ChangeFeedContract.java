package dev.stitchd.revisionlog;

import dev.stitchd.dev.Patience;
import dev.stitchd.kernel.EnvironmentId;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

/// What every change feed keeps to.
interface ChangeFeedContract {

  Duration SOON = Patience.SOON;

  ChangeFeed feed();

  /// Announces in one transaction that commits.
  void commit(List<Announcement> announcements);

  /// Announces in a transaction that does not commit.
  void rollBack(List<Announcement> announcements);

  /// Takes away the connection that listens.
  void loseConnection();

  @Test
  default void beginsWithAResync() {
    feed()
        .announcements()
        .as(StepVerifier::create)
        .expectNext(new Announcement.Resync())
        .thenCancel()
        .verify(SOON);
  }

  @Test
  default void whatIsCommittedIsHeardAndWhatIsRolledBackIsNot() {
    var environment = new EnvironmentId(UUID.randomUUID());
    feed()
        .announcements()
        .filter(announcement -> !(announcement instanceof Announcement.Resync))
        .as(StepVerifier::create)
        .then(() -> rollBack(List.of(new Announcement.At(environment, 12, 1))))
        .then(() -> commit(List.of(new Announcement.At(environment, 13, 2))))
        .expectNext(new Announcement.At(environment, 13, 2))
        .thenCancel()
        .verify(SOON);
  }

  @Test
  default void oneTransactionMayRingForSeveralEnvironments() {
    var one = new EnvironmentId(UUID.randomUUID());
    var other = new EnvironmentId(UUID.randomUUID());
    feed()
        .announcements()
        .filter(announcement -> !(announcement instanceof Announcement.Resync))
        .as(StepVerifier::create)
        .then(
            () -> commit(List.of(new Announcement.At(one, 1, 1), new Announcement.Removed(other))))
        .expectNext(new Announcement.At(one, 1, 1), new Announcement.Removed(other))
        .thenCancel()
        .verify(SOON);
  }

  @Test
  default void aSlowSubscriberHearsOnlyTheNewestOfEachEnvironment() {
    var busy = new EnvironmentId(UUID.randomUUID());
    var quiet = new EnvironmentId(UUID.randomUUID());
    var probe = new EnvironmentId(UUID.randomUUID());
    feed()
        .announcements()
        .as(announcements -> StepVerifier.create(announcements, 1))
        .expectNext(new Announcement.Resync())
        .then(() -> commit(List.of(new Announcement.At(quiet, 5, 1))))
        .then(() -> IntStream.rangeClosed(1, 50).forEach(r -> commit(List.of(at(busy, r)))))
        .then(() -> commit(List.of(new Announcement.Removed(probe))))
        .then(() -> waitUntilHeard(probe))
        .thenRequest(Long.MAX_VALUE)
        .expectNext(new Announcement.At(quiet, 5, 1), at(busy, 50), new Announcement.Removed(probe))
        .thenCancel()
        .verify(SOON);
  }

  @Test
  default void aLostConnectionBringsAResyncAndThenRingsAgain() {
    var environment = new EnvironmentId(UUID.randomUUID());
    feed()
        .announcements()
        .as(StepVerifier::create)
        .expectNext(new Announcement.Resync())
        .then(this::loseConnection)
        .thenConsumeWhile(announcement -> !(announcement instanceof Announcement.Resync))
        .expectNext(new Announcement.Resync())
        .then(() -> commit(List.of(at(environment, 7))))
        .expectNext(at(environment, 7))
        .thenCancel()
        .verify(SOON);
  }

  /// Until another subscriber has heard of this environment, which was announced last.
  void waitUntilHeard(EnvironmentId environment);

  private static Announcement at(EnvironmentId environment, long revision) {
    return new Announcement.At(environment, revision, 1);
  }
}
