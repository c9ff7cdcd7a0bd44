package dev.stitchd.propagation;

import java.time.Clock;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Shares what this node counted: at most one statement in each interval, and none while nothing is
/// new. Also learns from each how far this node's clock is from PostgreSQL's.
final class PropagationUpkeep implements SmartLifecycle {

  private static final Logger LOG = LoggerFactory.getLogger(PropagationUpkeep.class);

  /// Every so many intervals old rows are deleted, instead of new ones written.
  private static final int CLEAN_EVERY = 60;

  /// For so long the fastest comparison of clocks is better than a slower one.
  private static final Duration TRUSTED = Duration.ofMinutes(2);

  private final Tracker tracker;
  private final PropagationRows rows;
  private final PropagationSettings settings;
  private final Clock clock;
  private final Scheduler timer;
  private final UUID node;
  private final AtomicBoolean outage = new AtomicBoolean();
  private volatile long offset;

  /// How fast the answer was that the offset is from, and when it came; touched by one statement at
  /// a time.
  private long fastest = Long.MAX_VALUE;

  private long compared;
  private volatile @Nullable Disposable run;

  /// @param node names this process
  PropagationUpkeep(
      Tracker tracker,
      PropagationRows rows,
      PropagationSettings settings,
      Clock clock,
      Scheduler timer,
      UUID node) {
    this.tracker = tracker;
    this.rows = rows;
    this.settings = settings;
    this.clock = clock;
    this.timer = timer;
    this.node = node;
  }

  @Override
  public void start() {
    run =
        Flux.interval(settings.writeEvery(), timer)
            .onBackpressureDrop()
            .concatMap(this::share, 1)
            .subscribe(_ -> {}, failure -> LOG.error("Propagation is no longer shared", failure));
  }

  @Override
  public void stop() {
    var running = run;
    run = null;
    if (running != null) {
      running.dispose();
    }
  }

  @Override
  public boolean isRunning() {
    return run != null;
  }

  @Override
  public int getPhase() {
    return 200; // before the web server
  }

  private Mono<Long> share(long interval) {
    return Mono.defer(
            () -> interval % CLEAN_EVERY == CLEAN_EVERY - 1 ? timed(rows.clean()) : write())
        .doOnNext(_ -> worked())
        .onErrorResume(this::failed);
  }

  private Mono<Long> write() {
    var batch = tracker.take(offset);
    return batch.isEmpty()
        ? Mono.empty()
        : timed(rows.write(node, batch)).doOnError(_ -> tracker.back(batch));
  }

  /// The answer's time is PostgreSQL's about half-way between question and answer.
  private Mono<Long> timed(Mono<Long> statement) {
    long asked = clock.millis();
    return statement
        .timeout(settings.stale().dividedBy(2), timer)
        .doOnNext(time -> compare(asked, time));
  }

  /// The faster the answer, the better it tells; a slow one counts only when the last good one is
  /// old.
  private void compare(long asked, long postgres) {
    long now = clock.millis();
    if (now - asked <= fastest || now - compared > TRUSTED.toMillis()) {
      offset = postgres - (asked + now) / 2;
      fastest = now - asked;
      compared = now;
    }
  }

  private void worked() {
    if (outage.getAndSet(false)) {
      LOG.info("Propagation is shared with the other nodes again");
    }
  }

  private Mono<Long> failed(Throwable failure) {
    if (!outage.getAndSet(true)) {
      LOG.warn("Propagation is not shared at the moment, trying again: {}", failure.toString());
    }
    return Mono.empty();
  }

  /// What to add to this node's clock to get PostgreSQL's.
  Duration offset() {
    return Duration.ofMillis(offset);
  }
}
