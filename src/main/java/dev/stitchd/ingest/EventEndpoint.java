package dev.stitchd.ingest;

import dev.stitchd.boundary.ContentCoding;
import dev.stitchd.boundary.ProblemWriter;
import dev.stitchd.delivery.EventAccounting;
import dev.stitchd.delivery.RejectionLog;
import dev.stitchd.endpoint.Client;
import dev.stitchd.endpoint.Endpoint;
import dev.stitchd.endpoint.EndpointAccess;
import dev.stitchd.endpoint.HttpAnswer;
import dev.stitchd.endpoint.Reply;
import dev.stitchd.endpoint.SdkRequest;
import dev.stitchd.endpoint.SdkRoute;
import dev.stitchd.ingest.quota.Allowance;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// `POST /sdk/v1/events`: who sends, in what form, and the answer.
final class EventEndpoint implements Endpoint {

  private final EndpointAccess access;
  private final Senders senders;
  private final EventIntake intake;
  private final EventAccounting account;
  private final RejectionLog rejections;
  private final Counter throttled;

  EventEndpoint(
      EndpointAccess access,
      Senders senders,
      EventIntake intake,
      EventAccounting account,
      RejectionLog rejections,
      MeterRegistry meters) {
    this.access = access;
    this.senders = senders;
    this.intake = intake;
    this.account = account;
    this.rejections = rejections;
    this.throttled =
        Counter.builder("stitchd.ingest.throttled")
            .description("Requests that were refused because of a quota")
            .register(meters);
  }

  @Override
  public SdkRoute route() {
    return SdkRoute.EVENTS;
  }

  @Override
  public Reply serve(SdkRequest request, Client client) {
    return new Reply.Later(
        senders
            .of(request, client)
            .flatMap(sender ->
                within(request, client, sender).doOnNext(admitted -> count(sender, admitted)))
            .map(admitted -> new Reply.Now(answer(request, admitted))));
  }

  /// Asked before the body is read, so that who has no room left does not send it for nothing.
  private Mono<IntakeResult> within(SdkRequest request, Client client, Sender sender) {
    return sender
        .allowance()
        .take(0)
        .flatMap(grant ->
            switch (grant) {
              case Allowance.Grant.Given _ -> admitted(request, client, sender);
              case Allowance.Grant.Short lacking -> Mono.just(IntakeResult.beyond(lacking));
            });
  }

  private Mono<IntakeResult> admitted(SdkRequest request, Client client, Sender sender) {
    var body = access.whileValid(client, request.body());
    var coding = ContentCoding.of(request.headers(HttpHeaderNames.CONTENT_ENCODING));
    return switch (mediaType(request)) {
      case "application/x-ndjson" -> intake.lines(body, coding, sender);
      case "application/json" -> intake.array(body, coding, sender);
      default ->
          Mono.error(
              new Problem.UnsupportedMedia(
                  "this route reads application/json and application/x-ndjson"));
    };
  }

  /// Without its parameters; JSON if the request does not say.
  private static String mediaType(SdkRequest request) {
    var type = request.header(HttpHeaderNames.CONTENT_TYPE);
    if (type == null) {
      return "application/json";
    }
    int end = type.indexOf(';');
    return (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
  }

  private void count(Sender sender, IntakeResult admitted) {
    var counts = admitted.counts();
    account.beside(sender.environment(), counts.duplicates(), counts.rejectedCount());
    if (counts.rejectedCount() > 0) {
      rejections.note(sender.environment(), counts.someRejected(RejectionLog.OF_A_REQUEST));
    }
    if (admitted.stopped() instanceof Problem.TooMany) {
      throttled.increment();
    }
  }

  private static HttpAnswer answer(SdkRequest request, IntakeResult admitted) {
    var problem = admitted.stopped();
    return problem == null
        ? HttpAnswer.of(202, "application/json", admitted.counts().json())
        : HttpAnswer.of(
                ProblemWriter.status(problem).value(),
                "application/problem+json",
                problemWithCounts(problem, request.path(), admitted.counts()))
            .with(ProblemWriter.headers(problem));
  }

  /// A refusal midway answers what was accepted before it.
  private static byte[] problemWithCounts(Problem problem, String instance, IntakeCounts counts) {
    var written = new String(ProblemWriter.body(problem, instance), StandardCharsets.UTF_8);
    return Json.parseOwn(written) instanceof ObjectNode body
        ? Json.writeBytes(counts.into(body))
        : Json.writeBytes(counts.into(Json.object()));
  }
}
