package dev.stitchd.ofrep;

import dev.stitchd.boundary.Failures;
import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.Endpoint;
import dev.stitchd.endpoint.HttpAnswer;
import dev.stitchd.endpoint.Reply;
import dev.stitchd.endpoint.SdkRequest;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.stream.EventStreams;
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

  OfrepStreamEndpoint(RefetchMessages messages, EventStreams streams) {
    this.messages = messages;
    this.streams = streams;
  }

  @Override
  public SdkRoute route() {
    return SdkRoute.OFREP_STREAM;
  }

  @Override
  public Reply serve(SdkRequest request, Client client) {
    var resume = Cursor.parse(request.header("Last-Event-ID"));
    return new Reply.Written(
        streams
            .serve(client.caller(), messages.to(client.caller(), resume), request)
            .onErrorResume(_ -> request.response().hasSentHeaders(), _ -> Mono.empty()));
  }

  @Override
  public HttpAnswer refusal(Failures.Refusal refusal, SdkRequest request) {
    return OfrepAnswers.refused(refusal, null);
  }
}
