package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.endpoint.SdkRequest;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Other doors' messages as this room's frames.
final class EnteredSideStreams implements SideStreams {

  private final Entrance entrance;
  private final Streams streams;
  private final Writing writing;
  private final StreamMeters meters;

  EnteredSideStreams(Entrance entrance, Streams streams, Writing writing, StreamMeters meters) {
    this.entrance = entrance;
    this.streams = streams;
    this.writing = writing;
    this.meters = meters;
  }

  @Override
  public Mono<Void> serve(SdkCaller caller, SdkRequest request, Flux<Message> messages) {
    var frames = streams.frames(caller, messages.map(Frame::message));
    return entrance.enter(
        caller, meters.openSide(), request, outlet -> writing.write(frames, outlet, _ -> {}));
  }
}
