package dev.stitchd.segment.upkeep;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Slows down bulk work on lists while keys are looked up, on whichever node: then it works a part
/// of the time only and rests for the others. PostgreSQL knows no priorities, so a statement that
/// keeps a core busy makes everybody else wait for that core.
@Component
public final class BulkThrottle {

  /// An upload is taken for silent if nobody reads it for long.
  private static final Duration LONGEST = Duration.ofSeconds(5);

  private final UpkeepRows rows;
  private final UpkeepSettings settings;
  private final Scheduler timer;
  private volatile Reading last = Reading.NONE;

  /// What was seen last.
  private record Reading(long count, long nanos, boolean asked) {

    private static final Reading NONE = new Reading(Long.MAX_VALUE, 0, false);

    Reading next(long newCount, long now, int askedFrom) {
      double seconds = (now - nanos) / 1e9;
      return new Reading(newCount, now, newCount - count >= askedFrom * seconds);
    }
  }

  BulkThrottle(UpkeepRows rows, UpkeepSettings settings, @Qualifier("timer") Scheduler timer) {
    this.rows = rows;
    this.settings = settings;
    this.timer = timer;
  }

  /// Looks whether lists are asked; to be subscribed to again and again, never twice at a time.
  Mono<Void> check() {
    return rows.lookUps().doOnNext(this::note).then();
  }

  void note(long lookUps) {
    last = last.next(lookUps, timer.now(TimeUnit.NANOSECONDS), settings.askedFrom());
  }

  /// The work's value, after the rest that it makes necessary. Emits and fails as the work does;
  /// the value comes on the timer if there was a rest.
  public <T> Mono<T> throttled(Mono<T> work) {
    return Mono.defer(() -> {
      long since = timer.now(TimeUnit.NANOSECONDS);
      return work.delayUntil(_ -> rest(timer.now(TimeUnit.NANOSECONDS) - since));
    });
  }

  private Mono<Long> rest(long workedNanos) {
    int share = settings.shareWhileAsked();
    if (!last.asked() || share == 100) {
      return Mono.empty();
    }
    long rest = workedNanos * (100 - share) / share;
    return Mono.delay(Duration.ofNanos(Math.min(rest, LONGEST.toNanos())), timer);
  }
}
