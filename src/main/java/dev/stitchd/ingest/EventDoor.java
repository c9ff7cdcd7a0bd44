package dev.stitchd.ingest;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.boundary.BrowserOrigins;
import dev.stitchd.boundary.ContentCoding;
import dev.stitchd.boundary.ProblemWriter;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventAccount;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.propagation.Instances;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
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
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// `POST /sdk/v1/events`: who sends, in what form, and the answer.
final class EventDoor {

  private final Access access;
  private final Snapshots snapshots;
  private final EventIntake intake;
  private final Instances instances;
  private final EventAccount account;

  EventDoor(
      Access access,
      Snapshots snapshots,
      EventIntake intake,
      Instances instances,
      EventAccount account) {
    this.access = access;
    this.snapshots = snapshots;
    this.intake = intake;
    this.instances = instances;
    this.account = account;
  }

  Mono<ServerResponse> post(ServerRequest request) {
    prepare(request);
    return access
        .sdk(request.exchange().getRequest())
        .flatMap(caller -> sender(request, caller))
        .flatMap(sender -> admitted(request, sender).doOnNext(admitted -> count(sender, admitted)))
        .flatMap(admitted -> answer(request, admitted));
  }

  /// What every answer carries, also a failure that is written elsewhere.
  private static void prepare(ServerRequest request) {
    var answer = request.exchange().getResponse().getHeaders();
    answer.set(HttpHeaders.VARY, "Authorization, X-API-Key, Accept-Encoding");
    BrowserOrigins.expose(request.headers().asHttpHeaders(), answer);
  }

  private Mono<Sender> sender(ServerRequest request, SdkCaller caller) {
    return snapshots
        .current(caller.environment())
        .onErrorMap(
            Problem.NotFound.class,
            _ -> new Problem.Unauthenticated("the key's environment is gone"))
        .doOnNext(snapshot -> note(request, caller, snapshot))
        .map(snapshot -> sender(request, caller, snapshot));
  }

  /// Anybody may hold a client key, so what such callers say about themselves is not counted.
  private void note(ServerRequest request, SdkCaller caller, Snapshot snapshot) {
    if (caller.kind() == SdkCaller.Kind.SERVER) {
      instances.noted(snapshot, request.headers().firstHeader(Instances.HEADER), null);
    }
  }

  private static Sender sender(ServerRequest request, SdkCaller caller, Snapshot snapshot) {
    boolean isPublic = caller.kind() == SdkCaller.Kind.CLIENT;
    BrowserOrigins.check(request.headers().asHttpHeaders(), snapshot.settings(), isPublic);
    return new Sender(
        caller.environment(),
        isPublic ? Event.Source.CLIENT_SDK : Event.Source.SERVER_SDK,
        isPublic,
        keysArePrivate(snapshot.settings()),
        isPublic ? key -> isVisible(snapshot.ruleset(), key) : _ -> true);
  }

  private static boolean keysArePrivate(JsonNode settings) {
    for (var path : settings.path("privateAttributes")) {
      if ("targetingKey".equals(path.asString(""))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isVisible(Ruleset ruleset, String key) {
    var flag = ruleset.flag(key);
    return flag != null && flag.shape().clientVisible();
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
