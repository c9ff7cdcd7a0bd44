package dev.stitchd.ingest;

import dev.stitchd.access.Access;
import dev.stitchd.boundary.BrowserOrigins;
import dev.stitchd.boundary.ContentCoding;
import dev.stitchd.boundary.ProblemWriter;
import dev.stitchd.delivery.EventAccounting;
import dev.stitchd.delivery.RejectionLog;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.BodyExtractors;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// `POST /sdk/v1/events`: who sends, in what form, and the answer.
final class EventDoor {

  private final Access access;
  private final Senders senders;
  private final EventIntake intake;
  private final EventAccounting account;
  private final RejectionLog rejections;
  private final Counter throttled;

  EventDoor(
      Access access,
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

  Mono<ServerResponse> post(ServerRequest request) {
    prepare(request);
    return access
        .sdk(request.exchange().getRequest())
        .flatMap(caller -> senders.of(request.exchange().getRequest(), caller))
        .flatMap(sender -> within(request, sender).doOnNext(admitted -> count(sender, admitted)))
        .flatMap(admitted -> answer(request, admitted));
  }

  /// What every answer carries, also a failure that is written elsewhere.
  private static void prepare(ServerRequest request) {
    var answer = request.exchange().getResponse().getHeaders();
    answer.set(HttpHeaders.VARY, "Authorization, X-API-Key, Accept-Encoding");
    BrowserOrigins.expose(request.headers().asHttpHeaders(), answer);
  }

  /// Asked before the body is read, so that who has no room left does not send it for nothing.
  private Mono<Admitted> within(ServerRequest request, Sender sender) {
    return sender
        .allowance()
        .take(0)
        .flatMap(grant ->
            switch (grant) {
              case Allowance.Grant.Given _ -> admitted(request, sender);
              case Allowance.Grant.Short lacking -> Mono.just(Admitted.beyond(lacking));
            });
  }

  private Mono<Admitted> admitted(ServerRequest request, Sender sender) {
    var coding = ContentCoding.of(request.headers().header(HttpHeaders.CONTENT_ENCODING));
    var type = request.headers().contentType().orElse(MediaType.APPLICATION_JSON);
    if (MediaType.APPLICATION_NDJSON.equalsTypeAndSubtype(type)) {
      return intake.lines(body(request), coding, sender);
    }
    if (MediaType.APPLICATION_JSON.equalsTypeAndSubtype(type)) {
      return intake.array(body(request), coding, sender);
    }
    return Mono.error(
        new Problem.UnsupportedMedia("this route reads application/json and application/x-ndjson"));
  }

  private static Flux<byte[]> body(ServerRequest request) {
    return request.body(BodyExtractors.toDataBuffers()).map(EventDoor::take);
  }

  private static byte[] take(DataBuffer buffer) {
    var bytes = new byte[buffer.readableByteCount()];
    buffer.read(bytes);
    DataBufferUtils.release(buffer);
    return bytes;
  }

  private void count(Sender sender, Admitted admitted) {
    var tally = admitted.tally();
    account.beside(sender.environment(), tally.duplicates(), tally.rejectedCount());
    if (tally.rejectedCount() > 0) {
      rejections.note(sender.environment(), tally.someRejected(RejectionLog.OF_A_REQUEST));
    }
    if (admitted.stopped() instanceof Problem.TooMany) {
      throttled.increment();
    }
  }

  private static Mono<ServerResponse> answer(ServerRequest request, Admitted admitted) {
    var problem = admitted.stopped();
    if (problem == null) {
      return manners(ServerResponse.accepted())
          .contentType(MediaType.APPLICATION_JSON)
          .bodyValue(admitted.tally().json());
    }
    var answer = manners(ServerResponse.status(status(problem)));
    ProblemWriter.headers(problem).forEach(answer::header);
    return answer
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .bodyValue(problemWithTally(problem, request.path(), admitted.tally()));
  }

  private static HttpStatus status(Problem problem) {
    return ProblemWriter.status(problem);
  }

  /// A refusal midway answers what was accepted before it.
  private static byte[] problemWithTally(Problem problem, String instance, Tally tally) {
    var written = new String(ProblemWriter.body(problem, instance), StandardCharsets.UTF_8);
    return Json.parseOwn(written) instanceof ObjectNode body
        ? Json.writeBytes(tally.into(body))
        : Json.writeBytes(tally.into(Json.object()));
  }

  private static ServerResponse.BodyBuilder manners(ServerResponse.BodyBuilder answer) {
    return answer.header(HttpHeaders.CACHE_CONTROL, "private, no-cache");
  }
}
