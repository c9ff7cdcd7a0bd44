package dev.stitchd.ofrep;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.snapshot.Snapshot;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/// All who listen to one environment with one kind of key: each change is looked at once for all of
/// them. Safe from any thread.
final class VisibleStateTracker {

  private final SdkCaller.Kind kind;
  private final Scheduler timer;
  private final AtomicReference<@Nullable VisibleState> newest = new AtomicReference<>();
  private final AtomicInteger listeners = new AtomicInteger();

  VisibleStateTracker(SdkCaller.Kind kind, Scheduler timer) {
    this.kind = kind;
    this.timer = timer;
  }

  /// What there is to see in a snapshot, or in a newer one that was looked at already.
  VisibleState look(Snapshot snapshot) {
    while (true) {
      var before = newest.get();
      if (before != null && !before.isBehind(snapshot)) {
        return before;
      }
      var after =
          before == null
              ? VisibleState.first(snapshot, kind, nowMillis())
              : before.then(snapshot, kind, nowMillis());
      if (newest.compareAndSet(before, after)) {
        return after;
      }
    }
  }

  long nowMillis() {
    return timer.now(TimeUnit.MILLISECONDS);
  }

  int listeners() {
    return listeners.get();
  }

  void enter() {
    var _ = listeners.incrementAndGet();
  }

  void leave() {
    var _ = listeners.decrementAndGet();
  }
}
