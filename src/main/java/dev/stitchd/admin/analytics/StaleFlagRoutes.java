package dev.stitchd.admin.analytics;

import dev.stitchd.admin.Answers;
import dev.stitchd.admin.Requests;
import dev.stitchd.catalog.flag.FlagFilter;
import dev.stitchd.catalog.flag.Flags;
import dev.stitchd.catalog.project.Environments;
import dev.stitchd.kernel.Json;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.warehouse.FlagUse;
import dev.stitchd.warehouse.Predecessors;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Flags that may have had their time: nobody asked for them, or everybody got the same. Those
/// archived, or younger than the time asked about, are not meant.
@Component
public final class StaleFlagRoutes {

  private static final int DEFAULT_DAYS = 30;
  private static final int MOST_DAYS = 3_660;

  /// All flags that a project may have.
  private static final int ALL = 5_000;

  private static final FlagFilter IN_USE = new FlagFilter(null, null, false);

  private final Environments environments;
  private final Flags flags;
  private final FlagUse use;
  private final Clock clock;

  StaleFlagRoutes(Environments environments, Flags flags, FlagUse use, Clock clock) {
    this.environments = environments;
    this.flags = flags;
    this.use = use;
    this.clock = clock;
  }

  /// What it serves, below `/api/v1`.
  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/projects/{project}/environments/{environment}/stats/stale-flags", this::stale)
        .build();
  }

  private Mono<ServerResponse> stale(ServerRequest request) {
    var query = new Query(request);
    var days = query.number("days", DEFAULT_DAYS, 1, MOST_DAYS);
    query.check();
    var since = clock.instant().minus(Duration.ofDays(days));
    var tenant = Requests.tenant(request);
    var project = Requests.project(request);
    return environments
        .id(tenant, project, Requests.environment(request))
        .zipWith(flags.deleted(tenant, project, Requests.environment(request), null))
        .flatMap(place -> use.since(place.getT1(), since, new Predecessors(place.getT2())))
        .zipWhen(_ -> flags.list(tenant, project, IN_USE, "", ALL))
        .flatMap(both -> Answers.json(body(since, both.getT2(), both.getT1())));
  }

  private static ObjectNode body(
      Instant since, List<StoredResource> flags, Map<String, FlagUse.Use> uses) {
    var body = Json.object().put("since", Answers.time(since));
    var items = body.putArray("items");
    flags.stream()
        .filter(flag -> Instant.parse(flag.resource().path("createdAt").asString()).isBefore(since))
        .forEach(flag -> addIfStale(items, flag.key(), uses.get(flag.key())));
    return body;
  }

  private static void addIfStale(ArrayNode items, String flag, FlagUse.@Nullable Use use) {
    int variants = use == null ? 0 : use.variants().size();
    if (variants > 1) {
      return;
    }
    var item =
        items
            .addObject()
            .put("flag", flag)
            .put("reason", variants == 0 ? "not-evaluated" : "one-variant")
            .put("lastEvaluatedAt", use == null ? null : Answers.time(use.lastEvaluatedAt()));
    if (use != null && variants == 1) {
      item.put("variant", use.variants().getFirst());
    }
  }
}
