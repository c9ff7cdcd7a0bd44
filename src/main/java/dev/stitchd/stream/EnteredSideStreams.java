package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Other doors' messages as this room's frames.
final class EnteredSideStreams implements SideStreams {

  private final Entrance entrance;
  private final Streams streams;

  EnteredSideStreams(Entrance entrance, Streams streams) {
    this.entrance = entrance;
    this.streams = streams;
  }

  @Override
  public Mono<Void> serve(SdkCaller caller, ServerWebExchange exchange, Flux<Message> messages) {
    return entrance.enter(
        caller, exchange, streams.frames(caller, messages.map(Frame::message)));
  }
}
