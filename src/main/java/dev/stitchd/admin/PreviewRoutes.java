package dev.stitchd.admin;

import dev.stitchd.boundary.BodyReader;
import dev.stitchd.decide.Previews;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Problem;
import dev.stitchd.revisionlog.PublishedHistory;
import dev.stitchd.revisionlog.PublishedHistory.Position;
import dev.stitchd.ruleset.Explanation;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.RulesetCheck;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What a flag would give to a context, and why: now, or at a revision of the past.
@Component
final class PreviewRoutes {

  private static final String TODAY =
      "members of lists have no history: this is the past with the lists of today";

  /// What a preview asks for.
  private record PreviewBody(String flag, EvaluationContext context) {

    /// Reads a body; everything wrong is told at once.
    ///
    /// @param largestContext in bytes
    static PreviewBody read(JsonNode body, int largestContext) {
      var errors = new FieldErrors();
      var fields = JsonFields.of(body, "", errors);
      var flag = fields.requiredKey("flag");
      var value = fields.value("context");
      var context = EvaluationContext.read(value, "context", errors);
      if (value != null && Json.writeBytes(value).length > largestContext) {
        fields.error("context", "has more than " + largestContext + " bytes");
      }
      fields.refuseOthers(Set.of());
      errors.throwIfAny();
      return new PreviewBody(flag, context);
    }
  }

  /// What a preview is made of.
  private record Ground(Position position, long revision, Ruleset ruleset) {}

  private final PublishedHistory history;
  private final Snapshots snapshots;
  private final Previews previews;
  private final AdminSettings settings;
  private final Scheduler timer;

  PreviewRoutes(
      PublishedHistory history,
      Snapshots snapshots,
      Previews previews,
      AdminSettings settings,
      @Qualifier("timer") Scheduler timer) {
    this.history = history;
    this.snapshots = snapshots;
    this.previews = previews;
    this.settings = settings;
    this.timer = timer;
  }

  RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .POST("/projects/{project}/environments/{environment}/evaluate", this::evaluate)
        .build();
  }

  private Mono<ServerResponse> evaluate(ServerRequest request) {
    var revision = revision(request);
    return ground(request, revision) // a revision that is not there is told before what is wrong
        .flatMap(ground ->
            BodyReader.jsonExcept(request, settings.maxBodyBytes(), "context")
                .map(body -> PreviewBody.read(body, settings.maxPreviewContextBytes()))
                .flatMap(wanted -> answer(wanted, ground, revision != null)));
  }

  private Mono<ServerResponse> answer(PreviewBody wanted, Ground ground, boolean past) {
    var position = ground.position();
    return previews
        .explain(
            position.environment(),
            ground.ruleset(),
            position.settings(),
            wanted.flag(),
            wanted.context())
        .map(explanation -> preview(explanation, ground.revision(), past))
        .flatMap(body -> Answers.json(Answers.warned(body, warnings(ground, wanted.flag(), past))));
  }

  private static List<FieldError> warnings(Ground ground, String key, boolean past) {
    var flag = ground.ruleset().flag(key);
    var warnings = new ArrayList<FieldError>();
    if (past) {
      warnings.add(new FieldError("revision", TODAY));
    }
    if (flag != null) {
      warnings.addAll(RulesetCheck.warnings(ground.ruleset(), flag));
    }
    return warnings;
  }

  private Mono<Ground> ground(ServerRequest request, @Nullable Long revision) {
    var tenant = Requests.tenant(request);
    return history
        .position(tenant, Requests.project(request), Requests.environment(request))
        .flatMap(position ->
            revision == null
                ? newest(position).map(now -> new Ground(position, now.revision(), now.ruleset()))
                : Mono.fromRunnable(() -> position.check(revision))
                    .then(history.at(tenant, position.environment(), revision))
                    .map(ruleset -> new Ground(position, revision, ruleset)));
  }

  /// Whoever has just changed something previews the change.
  private Mono<Snapshot> newest(Position position) {
    return snapshots
        .updates(position.environment())
        .filter(snapshot -> snapshot.revision() >= position.revision())
        .next()
        .timeout(settings.previewWait(), timer)
        .onErrorResume(TimeoutException.class, _ -> snapshots.current(position.environment()))
        .switchIfEmpty(Mono.error(() -> new Problem.NotFound("the environment was deleted")));
  }

  private static @Nullable Long revision(ServerRequest request) {
    var text = request.queryParam("revision").orElse(null);
    if (text == null) {
      return null;
    }
    if (!text.matches("[0-9]{1,18}")) {
      var errors = new FieldErrors();
      errors.addMalformed("revision", "must be a revision that the environment has had, as 813");
      errors.throwIfAny();
    }
    return Long.valueOf(text);
  }

  /// What an SDK would be given, and the trace.
  private static ObjectNode preview(Explanation explanation, long revision, boolean past) {
    var evaluation = explanation.evaluation();
    var body = Json.object().put("flag", evaluation.flagKey()).put("revision", revision);
    var type = evaluation.type();
    if (type != null) {
      body.put("type", type.wire());
    }
    body.put("variant", evaluation.variant()).set("value", evaluation.value());
    body.put("reason", evaluation.reason().name());
    var rule = evaluation.ruleId();
    if (rule != null) {
      body.put("ruleId", rule);
    }
    var error = evaluation.error();
    if (error != null) {
      body.put("errorCode", error.name());
    }
    body.put("degraded", evaluation.degraded());
    if (evaluation.unsupported() != null) {
      body.put("unsupported", evaluation.unsupported());
    }
    if (past) {
      body.put("note", TODAY);
    }
    body.set("trace", explanation.trace());
    return body;
  }
}
