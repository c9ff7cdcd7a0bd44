package dev.stitchd.background;

import java.time.Duration;
import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Work that comes again and again, one turn at a time.
public final class Turns {

  private Turns() {}

  /// The first turn after one interval. A turn that is due while another still runs is left out;
  /// one that fails ends the whole, so whoever wants the next one resumes inside.
  public static <T> Flux<T> every(
      Duration interval, Scheduler timer, Supplier<? extends Publisher<T>> turn) {
    return every(interval, interval, timer, turn);
  }

  /// The same with the first turn at once.
  public static <T> Flux<T> nowAndEvery(
      Duration interval, Scheduler timer, Supplier<? extends Publisher<T>> turn) {
    return every(Duration.ZERO, interval, timer, turn);
  }

  /// The same for work that waits for nothing.
  public static Flux<Void> runEvery(Duration interval, Scheduler timer, Runnable turn) {
    return every(interval, timer, () -> Mono.<Void>fromRunnable(turn));
  }

  private static <T> Flux<T> every(
      Duration first, Duration interval, Scheduler timer, Supplier<? extends Publisher<T>> turn) {
    return Flux.interval(first, interval, timer).onBackpressureDrop().concatMap(_ -> turn.get(), 1);
  }
}
