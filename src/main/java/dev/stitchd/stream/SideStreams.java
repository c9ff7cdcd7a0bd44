package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.endpoint.SdkRequest;
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

  /// Answers a request with a stream, which must begin at once. Completes when the stream has
  /// ended, for whatever reason; never fails once the answer's head was sent.
  ///
  /// @param messages asked for one by one; ends when the environment is deleted
  /// @throws dev.stitchd.kernel.Problem if there is no place for another stream
  Mono<Void> serve(SdkCaller caller, SdkRequest request, Flux<Message> messages);
}
