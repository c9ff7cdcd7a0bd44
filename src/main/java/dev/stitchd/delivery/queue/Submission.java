package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.Admission;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// One submitter's claim: answered when the last of its events is settled. Safe from any thread.
final class Submission {

  private final AtomicInteger open;
  private final Map<UUID, String> dead = new ConcurrentHashMap<>(0);
  private final Sinks.One<Admission> answer = Sinks.one();

  Submission(int events) {
    this.open = new AtomicInteger(events);
  }

  Mono<Admission> answer() {
    return answer.asMono();
  }

  void durable() {
    settleOne();
  }

  void dead(UUID id, String reason) {
    dead.put(id, reason);
    settleOne();
  }

  private void settleOne() {
    if (open.decrementAndGet() == 0) {
      // Emitted once, by whoever settles the last event; that nobody listens any more is fine.
      var _ = answer.tryEmitValue(verdict());
    }
  }

  private Admission verdict() {
    return dead.isEmpty() ? new Admission.Durable() : new Admission.Partly(dead);
  }
}
