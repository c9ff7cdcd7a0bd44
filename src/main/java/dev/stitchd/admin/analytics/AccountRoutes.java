package dev.stitchd.admin.analytics;

import dev.stitchd.admin.Answers;
import dev.stitchd.admin.Requests;
import dev.stitchd.catalog.project.Environments;
import dev.stitchd.delivery.EventAccounting;
import dev.stitchd.delivery.NodeName;
import dev.stitchd.kernel.Json;
import java.time.Clock;
import java.time.Instant;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// What became of an environment's events on the node that answers.
@Component
public final class AccountRoutes {

  private final Environments environments;
  private final EventAccounting account;
  private final NodeName node;
  private final Clock clock;
  private final Instant since;

  AccountRoutes(Environments environments, EventAccounting account, NodeName node, Clock clock) {
    this.environments = environments;
    this.account = account;
    this.node = node;
    this.clock = clock;
    this.since = clock.instant();
  }

  /// What it serves, below `/api/v1`.
  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/projects/{project}/environments/{environment}/events/account", this::account)
        .build();
  }

  private Mono<ServerResponse> account(ServerRequest request) {
    return environments
        .id(Requests.tenant(request), Requests.project(request), Requests.environment(request))
        .map(account::of)
        .flatMap(standing -> Answers.json(body(standing)));
  }

  private ObjectNode body(EventAccounting.Standing standing) {
    var body =
        Json.object()
            .put("node", node.name())
            .put("since", since.toString())
            .put("at", clock.instant().toString())
            .put("counted", standing.counted());
    if (standing.counted()) {
      body.put("accepted", standing.accepted())
          .put("recovered", standing.recovered())
          .put("stored", standing.stored())
          .put("dead", standing.dead())
          .put("spooled", standing.spooled())
          .put("inFlight", standing.inFlight())
          .put("duplicate", standing.duplicate())
          .put("rejected", standing.rejected())
          .put("refused", standing.refused())
          .put("dropped", standing.dropped());
    }
    return body;
  }
}
