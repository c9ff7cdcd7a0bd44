package dev.stitchd.segment;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Bulk work on lists gives way to questions about lists: while keys are looked up, on whichever
/// node, it works a part of the time only and rests for the others. PostgreSQL knows no priorities,
/// so a statement that keeps a core busy makes everybody else wait for that core.
@Component
final class GiveWay {

  /// An upload is taken for silent if nobody reads it for long.
  private static final Duration LONGEST = Duration.ofSeconds(5);

  private final UpkeepRows rows;
  private final ListSettings settings;
  private final Scheduler timer;
  private volatile Look last = Look.NONE;

  /// What was seen last.
  private record Look(long count, long nanos, boolean asked) {

    private static final Look NONE = new Look(Long.MAX_VALUE, 0, false);

    Look next(long newCount, long now, int askedFrom) {
      double seconds = (now - nanos) / 1e9;
      return new Look(newCount, now, newCount - count >= askedFrom * seconds);
    }
  }

  GiveWay(UpkeepRows rows, ListSettings settings, @Qualifier("timer") Scheduler timer) {
    this.rows = rows;
    this.settings = settings;
    this.timer = timer;
  }

  /// Looks whether lists are asked; to be subscribed to again and again, never twice at a time.
  Mono<Void> look() {
    return rows.lookUps().doOnNext(this::saw).then();
  }

  void saw(long lookUps) {
    last = last.next(lookUps, timer.now(TimeUnit.NANOSECONDS), settings.askedFrom());
  }

  /// The work's value, after the rest that it makes necessary. Emits and fails as the work does;
  /// the value comes on the timer if there was a rest.
  <T> Mono<T> resting(Mono<T> work) {
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
