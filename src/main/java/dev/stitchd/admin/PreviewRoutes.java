package dev.stitchd.admin;

import dev.stitchd.boundary.Bodies;
import dev.stitchd.decide.Previews;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Problem;
import dev.stitchd.revisionlog.PublishedHistory;
import dev.stitchd.revisionlog.PublishedHistory.Position;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
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

/// What a flag would give to a context, and why: now, or at a revision of the past.
@Component
final class PreviewRoutes {

  /// What a preview is made of.
  record Ground(Position position, long revision, Ruleset ruleset) {}

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
    return Bodies.json(request, settings.maxBodyBytes())
        .map(body -> PreviewBody.read(body, settings.maxPreviewContextBytes()))
        .flatMap(wanted ->
            ground(request, revision).flatMap(ground -> answer(wanted, ground, revision != null)));
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
        .flatMap(
            explanation -> Answers.json(PreviewAnswer.of(explanation, ground.revision(), past)));
  }

  private Mono<Ground> ground(ServerRequest request, @Nullable Long revision) {
    var tenant = Requests.tenant(request);
    return history
        .position(tenant, request.pathVariable("project"), request.pathVariable("environment"))
        .flatMap(position ->
            revision == null
                ? newest(position).map(now -> new Ground(position, now.revision(), now.ruleset()))
                : past(position, revision)
                    .flatMap(known -> history.at(tenant, position.environment(), known))
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

  private static Mono<Long> past(Position position, long revision) {
    return revision <= position.revision()
        ? Mono.just(revision)
        : Mono.error(
            new Problem.NotFound(
                "the environment is at revision %d; there is no revision %d yet"
                    .formatted(position.revision(), revision)));
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
}
