package dev.stitchd.admin;

import dev.stitchd.admin.analytics.AccountRoutes;
import dev.stitchd.admin.analytics.ContextRoutes;
import dev.stitchd.admin.analytics.ExportRoutes;
import dev.stitchd.admin.analytics.LiveRoutes;
import dev.stitchd.admin.analytics.StaleFlagRoutes;
import dev.stitchd.admin.analytics.StatsRoutes;
import dev.stitchd.admin.history.AuditRoutes;
import dev.stitchd.admin.history.ChangeRoutes;
import dev.stitchd.admin.history.RevisionRoutes;
import dev.stitchd.admin.history.TransferRoutes;
import dev.stitchd.admin.people.InvitationRoutes;
import dev.stitchd.admin.people.SecondFactorRoutes;
import dev.stitchd.admin.people.SignInRoutes;
import dev.stitchd.admin.people.TokenRoutes;
import dev.stitchd.admin.people.UserRoutes;
import dev.stitchd.boundary.Origins;
import dev.stitchd.boundary.OtherMethods;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/// Everything that needs an API token, behind one check of it.
@Configuration(proxyBeanMethods = false)
final class AdminRoutes {

  @Bean
  RouterFunction<ServerResponse> managementRoutes(
      Guard guard,
      AdminSettings settings,
      Origins origins,
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
      AuditRoutes audit,
      PreviewRoutes previews,
      PropagationRoutes propagation,
      RevisionRoutes revisions,
      ChangeRoutes changes,
      TokenRoutes tokens,
      TransferRoutes transfers,
      SignInRoutes signIn,
      UserRoutes users,
      InvitationRoutes invitations,
      SecondFactorRoutes secondFactors,
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
            .and(audit.routes())
            .and(account.routes())
            .and(live.routes())
            .and(previews.routes())
            .and(propagation.routes())
            .and(revisions.routes())
            .and(changes.routes())
            .and(tokens.routes())
            .and(transfers.routes())
            .and(signIn.routes())
            .and(users.routes())
            .and(invitations.routes())
            .and(secondFactors.routes())
            .and(projects.routes());
    var all =
        RouterFunctions.nest(RequestPredicates.path("/api/v1"), api)
            .and(RouterFunctions.route().GET("/metrics", _ -> scrape(metrics)).build());
    var open =
        RouterFunctions.nest(
            RequestPredicates.path("/api/v1"), signIn.openRoutes().and(invitations.openRoutes()));
    return OtherMethods.refusedBy(open)
        .and(OtherMethods.refusedBy(all).filter(guard::handle))
        .filter((request, next) -> {
          Requests.arrive(request, origins.answered(request.exchange()), settings.maxBodyBytes());
          return next.handle(request);
        });
  }

  private static Mono<ServerResponse> scrape(PrometheusMeterRegistry metrics) {
    return ServerResponse.ok()
        .contentType(MediaType.parseMediaType("text/plain; version=0.0.4; charset=utf-8"))
        .bodyValue(metrics.scrape());
  }
}
