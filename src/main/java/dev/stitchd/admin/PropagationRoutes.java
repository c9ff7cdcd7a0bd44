package dev.stitchd.admin;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.propagation.Propagation;
import dev.stitchd.propagation.Propagation.Report;
import dev.stitchd.propagation.Propagation.Times;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// Who has which revision.
@Component
final class PropagationRoutes {

  private static final DateTimeFormatter MILLIS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private final Propagation propagation;

  PropagationRoutes(Propagation propagation) {
    this.propagation = propagation;
  }

  RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/projects/{project}/environments/{environment}/propagation", this::report)
        .build();
  }

  private Mono<ServerResponse> report(ServerRequest request) {
    return propagation
        .of(
            Requests.tenant(request),
            Requests.project(request),
            Requests.environment(request),
            request.queryParam("revision").map(PropagationRoutes::revision).orElse(null))
        .flatMap(report -> Answers.json(body(report)));
  }

  private static Long revision(String text) {
    if (!text.matches("[0-9]{1,18}")) {
      var errors = new FieldErrors();
      errors.addMalformed("revision", "must be a revision's number, as 813");
      errors.throwIfAny();
    }
    return Long.valueOf(text);
  }

  private static ObjectNode body(Report report) {
    var body = Json.object().put("revision", report.revision()).put("current", report.current());
    var committed = report.committedAt();
    body.put("committedAt", committed == null ? null : time(committed));
    body.put("nodes", report.nodes());
    var streams = body.putObject("streams");
    streams.put("connected", report.connected()).put("sent", report.sent());
    delays(streams, report.sentTimes());
    var instances = body.putObject("instances");
    instances.put("known", report.instances()).put("applied", report.applied());
    delays(instances, report.appliedTimes());
    var lagging = instances.putArray("lagging");
    for (var one : report.lagging()) {
      var item = lagging.addObject().put("instance", one.instance());
      item.put("revision", one.revision() < 0 ? null : (Long) one.revision());
      item.put("seenAt", time(one.seenAt()));
    }
    instances.put("laggingCount", report.instances() - report.applied());
    instances.put("complete", report.complete());
    return body;
  }

  private static void delays(ObjectNode body, @Nullable Times times) {
    if (times == null) {
      body.putNull("delays");
      return;
    }
    body.putObject("delays")
        .put("count", times.count())
        .put("p50Ms", times.p50())
        .put("p99Ms", times.p99())
        .put("maxMs", times.max());
  }

  private static String time(long millis) {
    return MILLIS.format(Instant.ofEpochMilli(millis));
  }
}
