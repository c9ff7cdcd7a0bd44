package dev.stitchd.ofrep;

import dev.stitchd.boundary.Failures;
import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.Endpoint;
import dev.stitchd.endpoint.HttpAnswer;
import dev.stitchd.endpoint.Reply;
import dev.stitchd.endpoint.SdkRequest;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Reached;
import dev.stitchd.snapshot.Snapshots;
import dev.stitchd.stream.EventStreams;
import dev.stitchd.stream.StreamContent;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// `GET /ofrep/v1/stream?token=…`: tells a client when to evaluate all flags again.
///
/// Lets no failure out once the answer has begun: the server would log it with the URL, and the
/// token is in that.
@Component
final class OfrepStreamEndpoint implements Endpoint {

  private final RefetchMessages messages;
  private final EventStreams streams;
  private final Snapshots snapshots;

  OfrepStreamEndpoint(RefetchMessages messages, EventStreams streams, Snapshots snapshots) {
    this.messages = messages;
    this.streams = streams;
    this.snapshots = snapshots;
  }

  @Override
  public SdkRoute route() {
    return SdkRoute.OFREP_STREAM;
  }

  @Override
  public Reply serve(SdkRequest request, Client client) {
    var resume = Cursor.parse(request.header("Last-Event-ID"));
    return resume == null || !client.snapshot().isBefore(resume)
        ? written(request, stream(request, client, messages.to(client.caller(), resume)))
        : new Reply.Later(
            snapshots
                .reach(client.caller().environment(), resume)
                .map(reached ->
                    written(
                        request,
                        Mono.defer(() -> ahead(request, client, resume, reached.place())))));
  }

  /// A stream of a client that was ahead of this node: it keeps its place unless that was lost, and
  /// its stream ends when it turns out to be, so that it comes back and evaluates anew.
  private Mono<Void> ahead(SdkRequest request, Client client, Cursor resume, Reached.Place place) {
    var caller = client.caller();
    return switch (place) {
      case HELD -> stream(request, client, messages.to(caller, resume));
      case NONEXISTENT -> stream(request, client, messages.toLost(caller));
      case UNCONFIRMED ->
          Mono.firstWithSignal(
              stream(request, client, messages.to(caller, resume)),
              snapshots.refuted(caller.environment(), resume));
    };
  }

  private Mono<Void> stream(SdkRequest request, Client client, StreamContent content) {
    return streams.serve(client.caller(), content, request);
  }

  private static Reply written(SdkRequest request, Mono<Void> stream) {
    return new Reply.Written(
        stream.onErrorResume(_ -> request.response().hasSentHeaders(), _ -> Mono.empty()));
  }

  @Override
  public HttpAnswer refusal(Failures.Refusal refusal, SdkRequest request) {
    return OfrepAnswers.refused(refusal, null);
  }
}
