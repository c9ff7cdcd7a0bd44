package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Streams of other doors than this room's, held to the same manners: they count with the node's
/// limits, live by heartbeats, are asked for a message only when the one before has left, and end
/// by age, by the end of their key or environment, or because the node drains.
public interface SideStreams {

  /// One event.
  ///
  /// @param id a cursor, which the client sends back as `Last-Event-ID`
  /// @param event the event's type
  /// @param data one line
  record Message(String id, String event, String data) {}

  /// Answers a request with a stream. Completes when the stream has ended, for whatever reason.
  /// Before the answer's head is sent it fails with a [dev.stitchd.kernel.Problem] if there is no
  /// place for another stream or the environment cannot be loaded; never after that.
  ///
  /// @param messages asked for one by one; ends when the environment is deleted
  Mono<Void> serve(SdkCaller caller, ServerWebExchange exchange, Flux<Message> messages);
}
