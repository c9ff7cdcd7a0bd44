package dev.stitchd.admin;

import dev.stitchd.catalog.Environments;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.warehouse.EvaluationStats;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// Questions that ClickHouse answers.
@Component
final class StatsRoutes {

  private static final Duration DEFAULT_RANGE = Duration.ofDays(1);
  private static final Duration DEFAULT_INTERVAL = Duration.ofHours(1);
  private static final Duration SHORTEST_INTERVAL = Duration.ofSeconds(1);
  private static final Duration LONGEST_INTERVAL = Duration.ofDays(3_660);

  /// Nothing was recorded before, and ClickHouse counts no further.
  private static final Instant EARLIEST = Instant.parse("1970-01-01T00:00:00Z");

  private static final Instant LATEST = Instant.parse("2200-01-01T00:00:00Z");

  private record Question(@Nullable String flag, Instant from, Instant to, Duration interval) {}

  private final Environments environments;
  private final EvaluationStats evaluations;
  private final Clock clock;

  StatsRoutes(Environments environments, EvaluationStats evaluations, Clock clock) {
    this.environments = environments;
    this.evaluations = evaluations;
    this.clock = clock;
  }

  RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/projects/{project}/environments/{environment}/stats/evaluations", this::evaluations)
        .build();
  }

  private Mono<ServerResponse> evaluations(ServerRequest request) {
    var question = question(request);
    return environments
        .id(
            Requests.tenant(request),
            request.pathVariable("project"),
            request.pathVariable("environment"))
        .flatMapMany(environment ->
            evaluations.counts(
                environment, question.flag(), question.from(), question.to(), question.interval()))
        .collectList()
        .flatMap(rows -> Answers.json(body(rows)));
  }

  private Question question(ServerRequest request) {
    var errors = new FieldErrors();
    var to =
        request.queryParam("to").map(text -> instant("to", text, errors)).orElseGet(clock::instant);
    var from =
        request
            .queryParam("from")
            .map(text -> instant("from", text, errors))
            .orElseGet(() -> to.minus(DEFAULT_RANGE));
    var interval =
        request.queryParam("interval").map(text -> interval(text, errors)).orElse(DEFAULT_INTERVAL);
    if (errors.isEmpty() && !from.isBefore(to)) {
      errors.addMalformed("from", "must be before 'to'");
    }
    errors.throwIfAny();
    return new Question(request.queryParam("flag").orElse(null), from, to, interval);
  }

  private Instant instant(String name, String text, FieldErrors errors) {
    try {
      var instant = OffsetDateTime.parse(text.replace(' ', '+')).toInstant();
      if (!instant.isBefore(EARLIEST) && instant.isBefore(LATEST)) {
        return instant;
      }
    } catch (DateTimeException e) {
      // told below
    }
    errors.addMalformed(name, "must be a time as 2026-08-21T10:00:00Z, from 1970 to 2199");
    return clock.instant();
  }

  private static Duration interval(String text, FieldErrors errors) {
    try {
      var interval = Duration.parse(text);
      if (interval.compareTo(SHORTEST_INTERVAL) >= 0
          && interval.compareTo(LONGEST_INTERVAL) <= 0
          && interval.getNano() == 0) {
        return interval;
      }
    } catch (DateTimeException e) {
      // told below, as one that is too short
    }
    errors.addMalformed(
        "interval", "must be a duration of whole seconds, as PT1H or PT15M, and at most ten years");
    return DEFAULT_INTERVAL;
  }

  private static ObjectNode body(List<EvaluationStats.Row> rows) {
    var body = Json.object();
    var items = body.putArray("items");
    rows.forEach(row ->
        items
            .addObject()
            .put("start", row.start().toString().replaceFirst("(:\\d\\d)Z$", "$1.000Z"))
            .put("flag", row.flag())
            .put("variant", row.variant())
            .put("count", row.count()));
    return body;
  }
}
