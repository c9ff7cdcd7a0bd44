package dev.stitchd.admin;

import dev.stitchd.catalog.project.Environments;
import dev.stitchd.catalog.project.Projects;
import dev.stitchd.catalog.project.Tenants;
import java.util.Map;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/// Tenants, projects, environments.
@Component
final class ProjectRoutes {

  private final Tenants tenants;
  private final Projects projects;
  private final Environments environments;
  private final AdminSettings settings;

  ProjectRoutes(
      Tenants tenants, Projects projects, Environments environments, AdminSettings settings) {
    this.tenants = tenants;
    this.projects = projects;
    this.environments = environments;
    this.settings = settings;
  }

  RouterFunction<ServerResponse> routes() {
    return tenantRoutes().and(projectRoutes()).and(environmentRoutes());
  }

  private RouterFunction<ServerResponse> tenantRoutes() {
    return Collection.routes(
        "/tenants",
        "tenant",
        settings.maxBodyBytes(),
        (request, page) -> asPlatform(request, tenants.list(page.after(), page.limit())),
        request -> asPlatform(request, tenants.get(request.pathVariable("tenant"))),
        (request, body) -> tenants.create(Requests.platformAuthor(request), body),
        (request, edit) ->
            tenants.update(Requests.platformAuthor(request), request.pathVariable("tenant"), edit),
        (request, expected) ->
            tenants
                .delete(Requests.platformAuthor(request), request.pathVariable("tenant"), expected)
                .thenReturn(Map.of()));
  }

  private RouterFunction<ServerResponse> projectRoutes() {
    return Collection.routes(
        "/projects",
        "project",
        settings.maxBodyBytes(),
        (request, page) -> projects.list(Requests.tenant(request), page.after(), page.limit()),
        request -> projects.get(Requests.tenant(request), Requests.project(request)),
        (request, body) -> projects.create(Requests.author(request), body),
        (request, edit) ->
            projects.update(Requests.author(request), Requests.project(request), edit),
        (request, expected) ->
            projects
                .delete(Requests.author(request), Requests.project(request), expected)
                .thenReturn(Map.of()));
  }

  private RouterFunction<ServerResponse> environmentRoutes() {
    return Collection.routes(
        "/projects/{project}/environments",
        "environment",
        settings.maxBodyBytes(),
        (request, page) ->
            environments.list(
                Requests.tenant(request), Requests.project(request), page.after(), page.limit()),
        request ->
            environments.get(
                Requests.tenant(request), Requests.project(request), Requests.environment(request)),
        (request, body) ->
            environments.create(Requests.author(request), Requests.project(request), body),
        (request, edit) ->
            environments.update(
                Requests.author(request),
                Requests.project(request),
                Requests.environment(request),
                edit),
        (request, expected) ->
            environments
                .delete(
                    Requests.author(request),
                    Requests.project(request),
                    Requests.environment(request),
                    expected)
                .thenReturn(Map.of()));
  }

  private static <T> Mono<T> asPlatform(ServerRequest request, Mono<T> answer) {
    return Mono.fromSupplier(() -> Requests.platformAuthor(request)).then(answer);
  }
}
