package dev.stitchd.admin.analytics;

import dev.stitchd.admin.Answers;
import dev.stitchd.admin.Requests;
import dev.stitchd.catalog.flag.Flags;
import dev.stitchd.catalog.project.Environments;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.warehouse.EvaluationStats;
import dev.stitchd.warehouse.Exposures;
import dev.stitchd.warehouse.Predecessors;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// How often flags were evaluated, and by how many.
@Component
public final class StatsRoutes {

  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration WEEK = Duration.ofDays(7);
  private static final Duration HOUR = Duration.ofHours(1);

  private final Environments environments;
  private final Flags flags;
  private final EvaluationStats evaluations;
  private final Exposures exposures;
  private final Clock clock;

  StatsRoutes(
      Environments environments,
      Flags flags,
      EvaluationStats evaluations,
      Exposures exposures,
      Clock clock) {
    this.environments = environments;
    this.flags = flags;
    this.evaluations = evaluations;
    this.exposures = exposures;
    this.clock = clock;
  }

  /// What it serves, below `/api/v1`.
  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/projects/{project}/environments/{environment}/stats/evaluations", this::evaluations)
        .GET("/projects/{project}/environments/{environment}/stats/exposures", this::exposures)
        .build();
  }

  private Mono<ServerResponse> evaluations(ServerRequest request) {
    var query = new Query(request);
    var flag = query.text("flag");
    var span = query.span(clock, DAY);
    var interval = query.interval(HOUR);
    query.check();
    return environment(request)
        .zipWith(predecessors(request, flag))
        .flatMapMany(place ->
            evaluations.counts(
                place.getT1(), flag, span.from(), span.to(), interval, place.getT2()))
        .collectList()
        .flatMap(rows -> Answers.json(body(rows)));
  }

  private Mono<ServerResponse> exposures(ServerRequest request) {
    var query = new Query(request);
    var flag = query.needed("flag");
    var span = query.span(clock, WEEK);
    query.check();
    return environment(request)
        .zipWith(predecessors(request, flag))
        .flatMap(place -> exposures.of(place.getT1(), flag, span.from(), span.to(), place.getT2()))
        .flatMap(answer -> Answers.json(body(flag, span, answer)));
  }

  private Mono<EnvironmentId> environment(ServerRequest request) {
    return environments.id(
        Requests.tenant(request), Requests.project(request), Requests.environment(request));
  }

  private Mono<Predecessors> predecessors(ServerRequest request, @Nullable String flag) {
    return flags
        .deleted(
            Requests.tenant(request),
            Requests.project(request),
            Requests.environment(request),
            flag)
        .map(Predecessors::new);
  }

  private static ObjectNode body(List<EvaluationStats.Row> rows) {
    var body = Json.object();
    var items = body.putArray("items");
    rows.forEach(row ->
        items
            .addObject()
            .put("start", Answers.time(row.start()))
            .put("flag", row.flag())
            .put("variant", row.variant())
            .put("count", row.count()));
    return body;
  }

  private static ObjectNode body(String flag, Query.Span span, Exposures.Answer answer) {
    var body =
        Json.object()
            .put("flag", flag)
            .put("from", Answers.time(span.from()))
            .put("to", Answers.time(span.to()))
            .put("users", answer.users())
            .put("evaluations", answer.evaluations());
    if (answer.approximate()) {
      body.put("approximate", true);
    }
    var items = body.putArray("items");
    answer
        .variants()
        .forEach(variant -> {
          var item =
              items
                  .addObject()
                  .put("variant", variant.variant())
                  .put("users", variant.users())
                  .put("evaluations", variant.evaluations());
          if (answer.approximate()) {
            item.put("approximate", true);
          }
        });
    return body;
  }
}
