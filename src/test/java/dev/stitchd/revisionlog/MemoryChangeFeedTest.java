package dev.stitchd.revisionlog;

import dev.stitchd.kernel.EnvironmentId;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

class MemoryChangeFeedTest implements ChangeFeedContract {

  private final MemoryChangeFeed feed = new MemoryChangeFeed();

  @Override
  public ChangeFeed feed() {
    return feed;
  }

  @Override
  public void commit(List<Announcement> announcements) {
    announcements.forEach(feed::announce);
  }

  @Override
  public void rollBack(List<Announcement> announcements) {}

  @Override
  public void loseConnection() {
    feed.resync();
  }

  @Override
  public void waitUntilHeard(EnvironmentId environment) {}

  @Test
  void moreEnvironmentsThanAMailboxHoldsBecomeOneResync() {
    feed.announcements()
        .as(announcements -> StepVerifier.create(announcements, 1))
        .expectNext(new Announcement.Resync())
        .then(() -> IntStream.rangeClosed(0, 1_000).forEach(_ -> feed.announce(anywhere())))
        .thenRequest(Long.MAX_VALUE)
        .expectNext(new Announcement.Resync())
        .then(feed::close)
        .verifyComplete();
  }

  @Test
  void theEndOfTheNodeEndsEverySubscription() {
    feed.close();

    feed.announcements()
        .as(StepVerifier::create)
        .expectNext(new Announcement.Resync())
        .verifyComplete();
  }

  private static Announcement anywhere() {
    return new Announcement.At(new EnvironmentId(UUID.randomUUID()), 1, 1);
  }
}
