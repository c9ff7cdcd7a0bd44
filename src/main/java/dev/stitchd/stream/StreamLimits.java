package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.Problem;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.scheduler.Scheduler;

/// How many streams there are, and may be. Safe from any thread.
final class StreamLimits {

  private final StreamSettings settings;
  private final Jitter jitter;
  private final StreamMeters meters;
  private final Scheduler timer;
  private final AtomicInteger open = new AtomicInteger();
  private final ConcurrentMap<UUID, Integer> byKey = new ConcurrentHashMap<>();
  private final AtomicLong second = new AtomicLong();
  private final AtomicInteger inSecond = new AtomicInteger();

  StreamLimits(StreamSettings settings, Jitter jitter, StreamMeters meters, Scheduler timer) {
    this.settings = settings;
    this.jitter = jitter;
    this.meters = meters;
    this.timer = timer;
  }

  /// Streams open now.
  int open() {
    return open.get();
  }

  /// Takes a place for a stream, to be given back with [#leave].
  ///
  /// @throws Problem.TooMany if the key has as many as it may
  /// @throws Problem.Unavailable if the node has, or has accepted as many in this second
  void enter(SdkCaller caller, StreamContent.Kind kind) {
    if (acceptedThisSecond() > settings.perSecond()) {
      meters.refused("per-second");
      throw new Problem.Unavailable(
          "this node accepts no more streams at this moment", jitter.retry());
    }
    if (open.incrementAndGet() > settings.perNode()) {
      open.decrementAndGet();
      meters.refused("per-node");
      throw new Problem.Unavailable("this node holds as many streams as it may", jitter.retry());
    }
    meters.open(kind).enter(caller.environment());
    if (byKey.merge(caller.keyId(), 1, Integer::sum) > settings.perKey()) {
      leave(caller, kind);
      meters.refused("per-key");
      throw new Problem.TooMany("this key holds as many streams as it may", jitter.retry());
    }
  }

  void leave(SdkCaller caller, StreamContent.Kind kind) {
    open.decrementAndGet();
    meters.open(kind).leave(caller.environment());
    byKey.computeIfPresent(caller.keyId(), (_, count) -> count == 1 ? null : count - 1);
  }

  private int acceptedThisSecond() {
    long now = timer.now(TimeUnit.SECONDS);
    if (second.getAndSet(now) != now) {
      inSecond.set(0);
    }
    return inSecond.incrementAndGet();
  }
}
