package dev.stitchd.admin.analytics;

import dev.stitchd.admin.Answers;
import dev.stitchd.admin.Requests;
import dev.stitchd.boundary.Page;
import dev.stitchd.catalog.flag.Flags;
import dev.stitchd.catalog.project.Environments;
import dev.stitchd.erasure.Erasure;
import dev.stitchd.erasure.Erasures;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.warehouse.Predecessors;
import dev.stitchd.warehouse.SeenContexts;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// Contexts that were seen: to complete what somebody types, to look one of them up, and to have
/// its data erased.
@Component
public final class ContextRoutes {

  private static final String STATS = "/projects/{project}/environments/{environment}/stats";
  private static final String CONTEXT =
      "/projects/{project}/environments/{environment}/contexts/{type}/{key}";
  private static final String ERASURES = "/erasures";
  private static final Duration WEEK = Duration.ofDays(7);
  private static final Duration MONTH = Duration.ofDays(30);
  private static final int DEFAULT_LIMIT = 20;
  private static final int MOST = 200;

  private final Environments environments;
  private final Flags flags;
  private final SeenContexts seen;
  private final Erasures erasures;
  private final Clock clock;

  ContextRoutes(
      Environments environments, Flags flags, SeenContexts seen, Erasures erasures, Clock clock) {
    this.environments = environments;
    this.flags = flags;
    this.seen = seen;
    this.erasures = erasures;
    this.clock = clock;
  }

  /// What it serves, below `/api/v1`.
  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET(STATS + "/contexts", this::contexts)
        .GET(STATS + "/attributes", this::attributes)
        .GET(STATS + "/contexts/{type}/{key}/evaluations", this::evaluations)
        .DELETE(CONTEXT, this::erase)
        .GET(ERASURES, this::erasures)
        .GET(ERASURES + "/{erasure}", this::erasure)
        .build();
  }

  private Mono<ServerResponse> erase(ServerRequest request) {
    return erasures
        .ofContext(
            Requests.author(request),
            Requests.project(request),
            Requests.environment(request),
            request.pathVariable("type"),
            request.pathVariable("key"))
        .flatMap(ContextRoutes::begun);
  }

  private static Mono<ServerResponse> begun(Erasure erasure) {
    var id = erasure.id().toString();
    return Answers.accepted(
        Json.object().put("id", id).put("state", erasure.state()), "/api/v1" + ERASURES + "/" + id);
  }

  private Mono<ServerResponse> erasures(ServerRequest request) {
    var page = Page.of(request);
    return erasures
        .list(
            Requests.tenant(request),
            Requests.grants(request).wholeProjectsSeen(),
            page.before(),
            page.limit())
        .flatMap(found ->
            Answers.json(page.answer(found, one -> Long.toString(one.number()), erasures::json)));
  }

  private Mono<ServerResponse> erasure(ServerRequest request) {
    return erasures
        .get(Requests.tenant(request), Requests.id(request, "erasure"))
        .filter(found -> Requests.grants(request).sees(found.project(), found.environment()))
        .switchIfEmpty(Mono.error(() -> new Problem.NotFound("there is no such erasure")))
        .flatMap(found -> Answers.json(erasures.json(found)));
  }

  private Mono<ServerResponse> contexts(ServerRequest request) {
    var query = new Query(request);
    var prefix = query.text("prefix", "");
    return at(request, query, query.text("contextType"), WEEK)
        .flatMap(place -> seen.types(place, prefix))
        .flatMap(items -> Answers.json(body(items, "contextType")));
  }

  private Mono<ServerResponse> attributes(ServerRequest request) {
    var query = new Query(request);
    var prefix = query.text("prefix", "");
    var attribute = query.text("attribute");
    Function<SeenContexts.Place, Mono<List<SeenContexts.Seen>>> find =
        attribute == null
            ? place -> seen.attributes(place, prefix)
            : place -> seen.values(place, attribute, prefix);
    return at(request, query, query.text("contextType"), WEEK)
        .flatMap(find)
        .flatMap(items -> Answers.json(body(items, "attribute")));
  }

  private Mono<ServerResponse> evaluations(ServerRequest request) {
    var key = request.pathVariable("key");
    return at(request, new Query(request), request.pathVariable("type"), MONTH)
        .zipWith(
            flags.deleted(
                Requests.tenant(request),
                Requests.project(request),
                Requests.environment(request),
                null))
        .flatMap(asked -> seen.evaluations(asked.getT1(), key, new Predecessors(asked.getT2())))
        .flatMap(items -> Answers.json(body(items)));
  }

  private Mono<SeenContexts.Place> at(
      ServerRequest request, Query query, @Nullable String contextType, Duration length) {
    var span = query.span(clock, length);
    var limit = query.number("limit", DEFAULT_LIMIT, 1, MOST);
    query.check();
    return environments
        .id(Requests.tenant(request), Requests.project(request), Requests.environment(request))
        .map(environment ->
            new SeenContexts.Place(environment, contextType, span.from(), span.to(), limit));
  }

  private static ObjectNode body(List<SeenContexts.Seen> seen, String name) {
    var body = Json.object();
    var items = body.putArray("items");
    for (var one : seen) {
      var item =
          items.addObject().put(name, one.name()).put("lastSeenAt", Answers.time(one.lastSeenAt()));
      var samples = item.putArray("samples");
      one.samples().forEach(samples::add);
    }
    return body;
  }

  private static ObjectNode body(List<SeenContexts.Evaluation> evaluations) {
    var body = Json.object();
    var items = body.putArray("items");
    for (var one : evaluations) {
      items
          .addObject()
          .put("id", one.id())
          .put("at", Answers.time(one.at()))
          .put("flag", one.flag())
          .put("variant", one.variant())
          .put("ruleId", one.ruleId().isEmpty() ? null : one.ruleId())
          .put("reason", one.reason().isEmpty() ? null : one.reason())
          .put("source", one.source());
    }
    return body;
  }
}
