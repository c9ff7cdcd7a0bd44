package dev.stitchd.changefeed;

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
  public void commit(List<Ring> rings) {
    rings.forEach(feed::ring);
  }

  @Override
  public void rollBack(List<Ring> rings) {}

  @Override
  public void loseConnection() {
    feed.resync();
  }

  @Override
  public void waitUntilHeard(EnvironmentId environment) {}

  @Test
  void moreEnvironmentsThanAMailboxHoldsBecomeOneResync() {
    feed.rings()
        .as(rings -> StepVerifier.create(rings, 1))
        .expectNext(new Ring.Resync())
        .then(() -> IntStream.rangeClosed(0, 1_000).forEach(_ -> feed.ring(anywhere())))
        .thenRequest(Long.MAX_VALUE)
        .expectNext(new Ring.Resync())
        .then(feed::close)
        .verifyComplete();
  }

  @Test
  void theEndOfTheNodeEndsEverySubscription() {
    feed.close();

    feed.rings().as(StepVerifier::create).expectNext(new Ring.Resync()).verifyComplete();
  }

  private static Ring anywhere() {
    return new Ring.At(new EnvironmentId(UUID.randomUUID()), 1, 1);
  }
}
