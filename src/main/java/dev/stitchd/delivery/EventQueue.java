package dev.stitchd.delivery;

import java.util.List;
import reactor.core.publisher.Mono;

/// The way in for events. Safe from any thread.
public interface EventQueue {

  /// Offers events, all or nothing, when subscribed to. Emits one answer, at most
  /// `stitchd.events.durable-wait` later; never fails. Cancelling gives up the answer, not the
  /// events. The answer arrives on the scheduler `delivery` or `timer`: move on before doing much.
  Mono<Admission> submit(List<Event> events);

  /// Offers an event that this server made itself. Never waits; when the queue is full the event is
  /// dropped and counted, since nobody was told that it is kept.
  void record(Event event);
}
