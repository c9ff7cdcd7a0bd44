package dev.stitchd.revisionlog;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.retry.Retry;

/// Keeps one connection listening for as long as the node runs, and says whether it does.
final class ChangeListener implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(ChangeListener.class);

  private final ListeningConnection listening;
  private final BroadcastChangeFeed feed;
  private final ChangeFeedSettings settings;
  private final Scheduler timer;
  private final RandomGenerator chance;
  private final AtomicBoolean connected = new AtomicBoolean();
  private final AtomicInteger failures = new AtomicInteger();

  ChangeListener(
      ListeningConnection listening,
      BroadcastChangeFeed feed,
      ChangeFeedSettings settings,
      Scheduler timer,
      RandomGenerator chance) {
    this.listening = listening;
    this.feed = feed;
    this.settings = settings;
    this.timer = timer;
    this.chance = chance;
  }

  /// Whether the connection is open and listens, as far as known.
  boolean isConnected() {
    return connected.get();
  }

  @Override
  public String name() {
    return "change listener";
  }

  @Override
  public String withoutIt() {
    return "changes are found by polling alone";
  }

  @Override
  public StartOrder order() {
    return StartOrder.CHANGES;
  }

  @Override
  public Flux<Announcement> work() {
    return Flux.defer(listening::once)
        .doOnNext(this::pass)
        .retryWhen(Retry.from(losses -> losses.concatMap(this::pause)));
  }

  @Override
  public Mono<Void> close() {
    return Mono.fromRunnable(() -> {
      connected.set(false);
      feed.close();
    });
  }

  private void pass(Announcement announcement) {
    if (announcement instanceof Announcement.Resync) {
      failures.set(0);
      if (!connected.getAndSet(true)) {
        LOG.info("PostgreSQL's announcements of changes are heard");
      }
    }
    feed.announce(announcement);
  }

  private Publisher<Long> pause(Retry.RetrySignal loss) {
    if (connected.getAndSet(false) || failures.get() == 0) {
      LOG.warn(
          "The connection on which PostgreSQL announces changes is lost ({}). Until it is back, changes are found by the safety polls and arrive later; it is opened again by itself, so look at PostgreSQL if this lasts",
          String.valueOf(loss.failure()));
    }
    return Mono.delay(delay(failures.getAndIncrement()), timer);
  }

  /// Doubles from the first retry to the longest, less up to half by chance, so that nodes that
  /// lost their connections together do not come back together.
  private Duration delay(int failed) {
    long first = settings.firstRetry().toMillis();
    long longest = settings.longestRetry().toMillis();
    long grown = Math.min(longest, first << Math.min(failed, 20));
    return Duration.ofMillis(grown - chance.nextLong(grown / 2 + 1));
  }
}
