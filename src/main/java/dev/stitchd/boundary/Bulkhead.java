package dev.stitchd.boundary;

import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;
import reactor.pool.InstrumentedPool;
import reactor.pool.PoolAcquirePendingLimitException;
import reactor.pool.PoolBuilder;
import reactor.pool.PooledRef;

/// Lets few pieces of one kind of work run at the same time, so that it leaves to others what all
/// share; some more wait their turn, for a while, in the order in which they came. Safe from any
/// thread.
public final class Bulkhead {

  private final InstrumentedPool<Object> permits;
  private final Duration longestWait;
  private final Supplier<Problem.Unavailable> full;

  /// @param atOnce most that run
  /// @param waiting most that wait
  /// @param full what is told to those that would be too many, or have waited too long
  public Bulkhead(
      int atOnce, int waiting, Duration longestWait, Supplier<Problem.Unavailable> full) {
    this.permits =
        PoolBuilder.from(Mono.fromSupplier(Object::new))
            .sizeBetween(0, atOnce)
            .maxPendingAcquire(waiting)
            .buildPool();
    this.longestWait = longestWait;
    this.full = full;
  }

  /// Subscribes to the work when it is its turn; its place is free again when it has ended, however
  /// it does.
  public <T> Mono<T> run(Mono<T> work) {
    return Mono.usingWhen(
        permits.acquire(longestWait).onErrorMap(Bulkhead::isFull, _ -> full.get()),
        _ -> work,
        PooledRef::release);
  }

  private static boolean isFull(Throwable failure) {
    return failure instanceof PoolAcquirePendingLimitException
        || failure instanceof TimeoutException;
  }
}
