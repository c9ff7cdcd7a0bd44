package dev.stitchd.stream.sdk;

import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.Endpoint;
import dev.stitchd.endpoint.Reply;
import dev.stitchd.endpoint.SdkRequest;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.propagation.Instances;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.stream.EventStreams;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// `GET /sdk/v1/stream`.
final class StreamEndpoint implements Endpoint {

  private final EventStreams streams;
  private final EncodedSnapshots encodings;
  private final SdkStreamMeters meters;
  private final Instances instances;

  StreamEndpoint(
      EventStreams streams,
      EncodedSnapshots encodings,
      SdkStreamMeters meters,
      Instances instances) {
    this.streams = streams;
    this.encodings = encodings;
    this.meters = meters;
    this.instances = instances;
  }

  @Override
  public SdkRoute route() {
    return SdkRoute.STREAM;
  }

  @Override
  public Reply serve(SdkRequest request, Client client) {
    var cursor = cursor(request);
    var content = new SdkContent(Cursor.parse(cursor), encodings, meters);
    return new Reply.Written(
        noted(request, client, cursor, streams.serve(client.caller(), content, request)));
  }

  private Mono<Void> noted(
      SdkRequest request, Client client, @Nullable String cursor, Mono<Void> stream) {
    var header = request.header(Instances.HEADER);
    var instance = header == null ? null : instances.connected(client.snapshot(), header, cursor);
    return instance == null
        ? stream
        : stream.doFinally(_ -> instances.gone(client.caller().environment(), instance));
  }

  private static @Nullable String cursor(SdkRequest request) {
    var lastEvent = request.header("Last-Event-ID");
    return lastEvent == null || lastEvent.isEmpty() ? request.parameter("since") : lastEvent;
  }
}
