package dev.stitchd.admin.history;

import dev.stitchd.admin.Answers;
import dev.stitchd.admin.Requests;
import dev.stitchd.catalog.change.ChangeSets;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/// Several changes of flags, targeting and segments in one revision.
@Component
public final class ChangeRoutes {

  private final ChangeSets sets;

  ChangeRoutes(ChangeSets sets) {
    this.sets = sets;
  }

  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .POST("/projects/{project}/environments/{environment}/changes", this::apply)
        .build();
  }

  private Mono<ServerResponse> apply(ServerRequest request) {
    return Requests.json(request)
        .flatMap(body ->
            sets.apply(
                Requests.author(request),
                Requests.project(request),
                Requests.environment(request),
                body))
        .flatMap(Answers::revised);
  }
}
