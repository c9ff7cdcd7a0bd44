package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.Endpoint;
import dev.stitchd.endpoint.Reply;
import dev.stitchd.endpoint.SdkRequest;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.propagation.Deliveries;
import dev.stitchd.propagation.Instances;
import dev.stitchd.snapshot.Cursor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// `GET /sdk/v1/stream`.
final class StreamEndpoint implements Endpoint {

  private final Streams streams;
  private final Writing writing;
  private final Entrance entrance;
  private final Loops loops;
  private final StreamMeters meters;
  private final Deliveries deliveries;
  private final Instances instances;

  StreamEndpoint(
      Streams streams,
      Writing writing,
      Entrance entrance,
      Loops loops,
      StreamMeters meters,
      Deliveries deliveries,
      Instances instances) {
    this.streams = streams;
    this.writing = writing;
    this.entrance = entrance;
    this.loops = loops;
    this.meters = meters;
    this.deliveries = deliveries;
    this.instances = instances;
  }

  @Override
  public SdkRoute route() {
    return SdkRoute.STREAM;
  }

  @Override
  public Reply serve(SdkRequest request, Client client) {
    return new Reply.Written(
        entrance.enter(
            client.caller(), meters.open(), request, outlet -> stream(request, client, outlet)));
  }

  private Mono<Void> stream(SdkRequest request, Client client, NettyOutlet outlet) {
    var caller = client.caller();
    var cursor = cursor(request);
    var written = write(caller, Cursor.parse(cursor), outlet);
    var header = request.header(Instances.HEADER);
    var instance = header == null ? null : instances.connected(client.snapshot(), header, cursor);
    return instance == null
        ? written
        : written.doFinally(_ -> instances.gone(caller.environment(), instance));
  }

  private Mono<Void> write(SdkCaller caller, @Nullable Cursor resume, NettyOutlet outlet) {
    var codec = outlet.codec();
    if (codec != null) {
      return outlet.open().then(loops.stream(caller, resume, codec));
    }
    var trail = new Trail(caller.environment(), deliveries);
    return writing
        .write(streams.frames(caller, resume), outlet, trail::written)
        .doFinally(_ -> trail.ended());
  }

  private static @Nullable String cursor(SdkRequest request) {
    var lastEvent = request.header("Last-Event-ID");
    return lastEvent == null || lastEvent.isEmpty() ? request.parameter("since") : lastEvent;
  }
}
