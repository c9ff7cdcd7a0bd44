package dev.stitchd.admin;

import dev.stitchd.catalog.flag.Dependents;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/// Who depends on a flag or a segment.
@Component
final class UsageRoutes {

  private final Dependents dependents;

  UsageRoutes(Dependents dependents) {
    this.dependents = dependents;
  }

  RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET(
            "/projects/{project}/flags/{flag}/usages",
            request ->
                dependents
                    .ofFlag(
                        Requests.tenant(request),
                        Requests.project(request),
                        request.pathVariable("flag"))
                    .flatMap(Answers::json))
        .GET(
            "/projects/{project}/environments/{environment}/segments/{segment}/usages",
            request ->
                dependents
                    .ofSegment(
                        Requests.tenant(request),
                        Requests.project(request),
                        Requests.environment(request),
                        request.pathVariable("segment"))
                    .flatMap(Answers::json))
        .build();
  }
}
