package dev.stitchd.postgres;

import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Waits for answers on one lent connection, and no longer than PostgreSQL can be thought to be at
/// work: a connection that is silent for too long is ended, so that everybody who waits on it hears
/// of that.
///
/// Statements may take long, by waiting for a lock before all. So where it is known which backend
/// serves the connection, PostgreSQL is asked on another one whether that backend is at work; where
/// it is not, the time is short.
final class BoundedAnswers {

  /// Whether a backend is at work.
  enum Backend {
    WORKS,
    /// It has answered, or has never heard the statement.
    WAITS_FOR_US,
    UNKNOWN;

    private static Backend of(@Nullable Boolean works) {
      return works == null ? UNKNOWN : works ? WORKS : WAITS_FOR_US;
    }
  }

  /// Answers are waited for without end.
  static final BoundedAnswers UNBOUNDED =
      new BoundedAnswers(null, _ -> Mono.just(Backend.UNKNOWN), Mono.empty());

  /// Bounds of the connections of one pool.
  ///
  /// @param most so long a statement may take that PostgreSQL is known to work on
  record Bounds(
      Duration doubtAfter,
      Duration answerWithin,
      Duration most,
      Silence silence,
      Scheduler timer) {}

  private static final String WORKS = "SELECT stitchd_backend_works($1::int) AS works";

  private final @Nullable Bounds bounds;
  private final LongFunction<Mono<Backend>> backends;
  private final Mono<Void> end;
  private volatile long asked;
  private volatile long heard;
  private volatile long process;

  /// @param bounds null for none
  /// @param backends what the backend with a process id does; never fails
  /// @param end ends the connection; never fails
  BoundedAnswers(@Nullable Bounds bounds, LongFunction<Mono<Backend>> backends, Mono<Void> end) {
    this.bounds = bounds;
    this.backends = backends;
    this.end = end;
  }

  /// What PostgreSQL says about a backend, asked in a session of another one.
  static Mono<Backend> backend(Session session, long process) {
    return session.one(
        WORKS, row -> Backend.of(row.get("works", Boolean.class)), Math.toIntExact(process));
  }

  /// Tells which backend serves the connection from here on; 0 if that is not known.
  void servedBy(long process) {
    this.process = process;
  }

  /// What `answer` emits. Fails as it does, and with an [R2dbcTimeoutException] once the connection
  /// has been ended because it was silent.
  <T> Mono<T> to(Mono<T> answer) {
    return bounds == null ? answer : Mono.defer(() -> bounded(answer, bounds));
  }

  /// Comes with each part of an answer.
  void hear() {
    if (bounds != null) {
      heard = bounds.silence().now();
    }
  }

  private <T> Mono<T> bounded(Mono<T> answer, Bounds within) {
    asked = within.silence().now();
    heard = asked;
    return answer.timeout(silence(within, within.doubtAfter()), Mono.defer(() -> ended(within)));
  }

  private <T> Mono<T> ended(Bounds within) {
    return end.then(
        Mono.error(() ->
            new R2dbcTimeoutException(
                "a connection to PostgreSQL was silent for "
                    + Duration.ofMillis(within.silence().now() - heard)
                    + " and was ended")));
  }

  /// Completes when the connection has to be taken for dead.
  private Mono<Void> silence(Bounds within, Duration pause) {
    return Mono.delay(pause, within.timer()).then(Mono.defer(() -> judged(within)));
  }

  private Mono<Void> judged(Bounds within) {
    long silent = within.silence().now() - heard;
    long patience = within.doubtAfter().toMillis() - silent;
    if (patience > 0) {
      return silence(within, Duration.ofMillis(patience));
    }
    boolean others = within.silence().isSince(asked); // another connection is known to be silent
    return backend()
        .flatMap(
            does -> others && does != Backend.WORKS ? Mono.empty() : judged(within, does, silent));
  }

  private Mono<Backend> backend() {
    return process == 0 ? Mono.just(Backend.UNKNOWN) : backends.apply(process);
  }

  private Mono<Void> judged(Bounds within, Backend does, long silent) {
    return switch (does) {
      case WORKS -> silent < within.most().toMillis() ? again(within) : Mono.empty();
      case UNKNOWN -> silent < within.answerWithin().toMillis() ? again(within) : Mono.empty();
      case WAITS_FOR_US -> lastChance(within);
    };
  }

  private Mono<Void> again(Bounds within) {
    return silence(within, within.doubtAfter().dividedBy(2));
  }

  /// The answer may be on its way. Only if it does not come, the connection is known to be silent:
  /// anywhere else PostgreSQL may be at work.
  private Mono<Void> lastChance(Bounds within) {
    long before = heard;
    return Mono.delay(within.doubtAfter().dividedBy(4), within.timer())
        .then(
            Mono.defer(() -> {
              if (heard != before) {
                return again(within);
              }
              within.silence().found();
              return Mono.empty();
            }));
  }
}
