package dev.stitchd.changefeed;

import dev.stitchd.kernel.EnvironmentId;
import java.util.LinkedHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.FluxSink;

/// One subscriber's waiting rings: at most one for each environment, the newest. Safe from any
/// thread; its locks guard a few map operations and are never held while the subscriber runs.
final class Mailbox {

  private final FluxSink<Ring> subscriber;
  private final int most;
  private final LinkedHashMap<EnvironmentId, Ring> waiting = new LinkedHashMap<>();
  private final AtomicInteger deliveries = new AtomicInteger();
  private boolean resync = true;
  private boolean closed;

  /// A mailbox that holds a [Ring.Resync] to begin with.
  ///
  /// @param subscriber takes rings as it asks for them, in whatever overflow mode
  /// @param most rings kept before they are replaced by one [Ring.Resync]
  Mailbox(FluxSink<Ring> subscriber, int most) {
    this.subscriber = subscriber;
    this.most = most;
  }

  void put(Ring ring) {
    keep(ring);
    deliver();
  }

  /// Ends the subscription once what waits has been asked for.
  void close() {
    synchronized (waiting) {
      closed = true;
    }
    deliver();
  }

  /// Hands over what waits, as far as the subscriber has asked for it; one thread at a time.
  void deliver() {
    if (deliveries.getAndIncrement() != 0) {
      return;
    }
    int missed = 1;
    do {
      handOver();
      missed = deliveries.addAndGet(-missed);
    } while (missed != 0);
  }

  private void handOver() {
    while (subscriber.requestedFromDownstream() > 0 && !subscriber.isCancelled()) {
      var next = take();
      if (next == null) {
        break;
      }
      var _ = subscriber.next(next);
    }
    if (isFinished()) {
      subscriber.complete();
    }
  }

  private void keep(Ring ring) {
    synchronized (waiting) {
      switch (ring) {
        case Ring.Resync _ -> waitForResync();
        case Ring.At at -> waiting.merge(at.environment(), at, Mailbox::newer);
        case Ring.Removed removed -> waiting.put(removed.environment(), removed);
      }
      if (waiting.size() > most) {
        waitForResync();
      }
    }
  }

  private static Ring newer(Ring waiting, Ring ring) {
    return waiting instanceof Ring.At held && ring instanceof Ring.At heard
        ? new Ring.At(
            heard.environment(),
            heard.revision(),
            Math.max(held.accessVersion(), heard.accessVersion()))
        : waiting instanceof Ring.Removed ? waiting : ring;
  }

  private void waitForResync() {
    waiting.clear();
    resync = true;
  }

  private @Nullable Ring take() {
    synchronized (waiting) {
      if (resync) {
        resync = false;
        return new Ring.Resync();
      }
      var first = waiting.pollFirstEntry();
      return first == null ? null : first.getValue();
    }
  }

  private boolean isFinished() {
    synchronized (waiting) {
      return closed && !resync && waiting.isEmpty();
    }
  }
}
