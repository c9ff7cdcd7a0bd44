package dev.stitchd.propagation;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.OutageLog;
import dev.stitchd.background.StartOrder;
import java.time.Clock;
import java.time.Duration;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Shares what this node counted: at most one statement in each interval, and none while nothing is
/// new. Also learns from each how far this node's clock is from PostgreSQL's.
final class PropagationSharing implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(PropagationSharing.class);

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
  private final OutageLog outage =
      new OutageLog(
          LOG,
          "Propagation: what this node has told its clients is not shared, so answers about revisions are old; trying again",
          "Propagation: what this node has told its clients is shared again");
  private volatile long offset;

  /// How fast the answer was that the offset is from, and when it came; touched by one statement at
  /// a time.
  private long fastest = Long.MAX_VALUE;

  private long compared;

  /// @param node names this process
  PropagationSharing(
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
  public String name() {
    return "propagation";
  }

  @Override
  public String withoutIt() {
    return "other nodes do not know what this one has told its clients";
  }

  @Override
  public StartOrder order() {
    return StartOrder.STREAMS;
  }

  @Override
  public Flux<Long> work() {
    return Flux.interval(settings.writeEvery(), timer)
        .onBackpressureDrop()
        .concatMap(this::share, 1);
  }

  private Mono<Long> share(long interval) {
    return Mono.defer(
            () -> interval % CLEAN_EVERY == CLEAN_EVERY - 1 ? timed(rows.clean()) : write())
        .doOnNext(_ -> outage.worked())
        .doOnError(outage::failed)
        .onErrorComplete(); // the next interval tries again
  }

  private Mono<Long> write() {
    var batch = tracker.take(offset);
    return batch.isEmpty()
        ? Mono.empty()
        : timed(rows.write(node, batch)).doOnError(_ -> tracker.putBack(batch));
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

  /// What to add to this node's clock to get PostgreSQL's.
  Duration offset() {
    return Duration.ofMillis(offset);
  }
}
