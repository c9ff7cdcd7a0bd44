package dev.stitchd.admin;

import dev.stitchd.access.Access;
import dev.stitchd.admin.history.ChangeRoutes;
import dev.stitchd.admin.history.RevisionRoutes;
import dev.stitchd.boundary.Origins;
import dev.stitchd.boundary.OtherMethods;
import dev.stitchd.resource.Lookups;
import dev.stitchd.warehouse.Asker;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/// Everything that needs an API token, behind one check of it.
@Configuration(proxyBeanMethods = false)
final class AdminRoutes {

  @Bean
  RouterFunction<ServerResponse> managementRoutes(
      Access access,
      AdminSettings settings,
      Origins origins,
      Lookups lookups,
      ProjectRoutes projects,
      SdkKeyRoutes keys,
      FlagRoutes flags,
      EventDefinitionRoutes events,
      MemberRoutes members,
      UsageRoutes usages,
      StatsRoutes stats,
      AccountRoutes account,
      LiveRoutes live,
      StaleFlagRoutes staleFlags,
      ContextRoutes contexts,
      ExportRoutes exports,
      PreviewRoutes previews,
      PropagationRoutes propagation,
      RevisionRoutes revisions,
      ChangeRoutes changes,
      PrometheusMeterRegistry metrics) {
    var api =
        keys.routes()
            .and(usages.routes())
            .and(members.routes())
            .and(flags.routes())
            .and(events.routes())
            .and(stats.routes())
            .and(staleFlags.routes())
            .and(contexts.routes())
            .and(exports.routes())
            .and(account.routes())
            .and(live.routes())
            .and(previews.routes())
            .and(propagation.routes())
            .and(revisions.routes())
            .and(changes.routes())
            .and(projects.routes());
    var all =
        RouterFunctions.nest(RequestPredicates.path("/api/v1"), api)
            .and(RouterFunctions.route().GET("/metrics", _ -> scrape(metrics)).build());
    return OtherMethods.refusedBy(all)
        .filter((request, next) -> authenticated(access, lookups, request, next))
        .filter((request, next) -> {
          Requests.arrive(request, origins.answered(request.exchange()), settings.maxBodyBytes());
          return next.handle(request);
        });
  }

  /// What a path names and the caller's tenant does not have is 404, whatever else is wrong with
  /// the request, so nothing of it is read before that is known.
  private static Mono<ServerResponse> authenticated(
      Access access, Lookups lookups, ServerRequest request, HandlerFunction<ServerResponse> next) {
    return access
        .management(request.exchange().getRequest())
        .doOnNext(caller -> Requests.accept(request, caller))
        .delayUntil(caller -> lookups.exists(caller.tenant(), request.pathVariables()))
        .flatMap(caller -> next.handle(request).contextWrite(Asker.of(caller.tenant())));
  }

  private static Mono<ServerResponse> scrape(PrometheusMeterRegistry metrics) {
    return ServerResponse.ok()
        .contentType(MediaType.parseMediaType("text/plain; version=0.0.4; charset=utf-8"))
        .bodyValue(metrics.scrape());
  }
}
