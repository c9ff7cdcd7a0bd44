package dev.stitchd.access;

import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import reactor.core.publisher.Mono;
import reactor.pool.InstrumentedPool;
import reactor.pool.PoolAcquirePendingLimitException;
import reactor.pool.PoolBuilder;
import reactor.pool.PooledRef;

/// How many look-ups of one kind run at the same time; some more wait their turn, for a while, in
/// the order in which they came.
final class LookupShare {

  private final InstrumentedPool<Object> permits;
  private final Duration longestWait;
  private final Duration retryAfter;

  LookupShare(int atOnce, int waiting, Duration longestWait, Duration retryAfter) {
    this.permits =
        PoolBuilder.from(Mono.fromSupplier(Object::new))
            .sizeBetween(0, atOnce)
            .maxPendingAcquire(waiting)
            .buildPool();
    this.longestWait = longestWait;
    this.retryAfter = retryAfter;
  }

  /// Asks when it is its turn. Fails with [Problem.Unavailable] if too many wait, or waited too
  /// long.
  <T> Mono<T> ask(Mono<T> question) {
    return Mono.usingWhen(
        permits
            .acquire(longestWait)
            .onErrorMap(
                e -> e instanceof PoolAcquirePendingLimitException || e instanceof TimeoutException,
                _ ->
                    new Problem.Unavailable("too many API tokens are being looked up", retryAfter)),
        _ -> question,
        PooledRef::release);
  }
}
