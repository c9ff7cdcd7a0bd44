package dev.stitchd.stream.sdk;

import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.Endpoint;
import dev.stitchd.endpoint.Reply;
import dev.stitchd.endpoint.SdkRequest;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.propagation.Instances;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.OlderRemovals;
import dev.stitchd.snapshot.Reached;
import dev.stitchd.snapshot.Snapshots;
import dev.stitchd.stream.EventStreams;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// `GET /sdk/v1/stream`.
final class StreamEndpoint implements Endpoint {

  private final Snapshots snapshots;
  private final EventStreams streams;
  private final EncodedSnapshots encodings;
  private final SdkStreamMeters meters;
  private final Instances instances;

  StreamEndpoint(
      Snapshots snapshots,
      EventStreams streams,
      EncodedSnapshots encodings,
      SdkStreamMeters meters,
      Instances instances) {
    this.snapshots = snapshots;
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
    var resume = Cursor.parse(cursor);
    if (resume != null && client.snapshot().isBefore(resume)) {
      return new Reply.Later(
          snapshots
              .reach(client.caller().environment(), resume)
              .map(reached -> ahead(request, client, resume, reached.place())));
    }
    return resume == null || client.snapshot().remembers(resume)
        ? new Reply.Written(
            noted(
                request,
                client,
                cursor,
                stream(request, client, resume, false, OlderRemovals.NONE)))
        : new Reply.Later(
            snapshots
                .olderRemovals(client.caller().environment())
                .defaultIfEmpty(OlderRemovals.NONE)
                .map(older -> longAway(request, client, resume, older)));
  }

  /// A stream of a client that was away for longer than this node remembers.
  private Reply longAway(SdkRequest request, Client client, Cursor resume, OlderRemovals older) {
    return new Reply.Written(
        Mono.defer(() ->
            noted(request, client, resume.text(), stream(request, client, resume, false, older))));
  }

  /// A stream of a client that was ahead of this node. While it is not known whether that is so, it
  /// keeps what it has; once it is known that it never can be true, its stream ends, and it is told
  /// everything when it comes back.
  private Reply ahead(SdkRequest request, Client client, Cursor resume, Reached.Place place) {
    // all when it begins, so that whoever leaves before that takes no place
    return new Reply.Written(Mono.defer(() -> begun(request, client, resume, place)));
  }

  private Mono<Void> begun(SdkRequest request, Client client, Cursor resume, Reached.Place place) {
    var stream =
        stream(request, client, resume, place == Reached.Place.NONEXISTENT, OlderRemovals.NONE);
    var whole =
        place == Reached.Place.UNCONFIRMED
            ? Mono.firstWithSignal(stream, snapshots.refuted(client.caller().environment(), resume))
            : stream;
    return noted(request, client, resume.text(), whole);
  }

  private Mono<Void> stream(
      SdkRequest request,
      Client client,
      @Nullable Cursor resume,
      boolean nonexistent,
      OlderRemovals older) {
    var content = new SdkContent(resume, nonexistent, older, encodings, meters);
    return streams.serve(client.caller(), content, request);
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
