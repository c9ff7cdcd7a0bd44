package dev.stitchd.admin;

import dev.stitchd.access.SecretKeys;
import dev.stitchd.admin.people.InvitationRoutes;
import dev.stitchd.boundary.ClientAddress;
import dev.stitchd.boundary.Page;
import dev.stitchd.catalog.deletion.Deletion;
import dev.stitchd.catalog.deletion.Deletions;
import dev.stitchd.catalog.project.Environments;
import dev.stitchd.catalog.project.Projects;
import dev.stitchd.catalog.project.Tenants;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.resource.Written;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Tenants, projects, environments, and what is left of those that were deleted.
@Component
final class ProjectRoutes {

  private static final String DELETIONS = "/deletions";

  private final Tenants tenants;
  private final Projects projects;
  private final Environments environments;
  private final Deletions deletions;
  private final AdminSettings settings;
  private final SecretKeys secrets;
  private final ClientAddress addresses;

  ProjectRoutes(
      Tenants tenants,
      Projects projects,
      Environments environments,
      Deletions deletions,
      AdminSettings settings,
      SecretKeys secrets,
      ClientAddress addresses) {
    this.tenants = tenants;
    this.projects = projects;
    this.environments = environments;
    this.deletions = deletions;
    this.settings = settings;
    this.secrets = secrets;
    this.addresses = addresses;
  }

  RouterFunction<ServerResponse> routes() {
    return tenantRoutes().and(projectRoutes()).and(environmentRoutes()).and(deletionRoutes());
  }

  private RouterFunction<ServerResponse> tenantRoutes() {
    return Collection.routes(
        "/tenants",
        "tenant",
        settings.maxBodyBytes(),
        (request, page) -> tenants.list(page.after(), page.limit()),
        request -> tenants.get(request.pathVariable("tenant")),
        this::createTenant,
        (request, edit) ->
            tenants.update(Requests.author(request), request.pathVariable("tenant"), edit),
        (request, expected) ->
            tenants
                .delete(Requests.author(request), request.pathVariable("tenant"), expected)
                .then(Answers.gone()));
  }

  /// The link that invites an owner is shown in this answer alone.
  private Mono<Written> createTenant(ServerRequest request, JsonNode body) {
    if (body.has("owner")) {
      Requests.refuseRepetition(request, "a tenant with an owner");
    }
    var token = secrets.newLink();
    return tenants
        .create(Requests.author(request), body, token.hash())
        .doOnNext(written -> {
          if (written.resource().get("owner") instanceof ObjectNode owner) {
            owner.put("link", InvitationRoutes.link(request, addresses, "/join", token.secret()));
          }
        });
  }

  private RouterFunction<ServerResponse> projectRoutes() {
    return Collection.routes(
        "/projects",
        "project",
        settings.maxBodyBytes(),
        (request, page) ->
            projects.list(
                Requests.tenant(request),
                Requests.grants(request).projectsSeen(),
                page.after(),
                page.limit()),
        request -> projects.get(Requests.tenant(request), Requests.project(request)),
        (request, body) -> projects.create(Requests.author(request), body),
        (request, edit) ->
            projects.update(Requests.author(request), Requests.project(request), edit),
        (request, expected) ->
            projects
                .delete(Requests.author(request), Requests.project(request), expected)
                .flatMap(ProjectRoutes::begun));
  }

  private RouterFunction<ServerResponse> environmentRoutes() {
    return Collection.routes(
        "/projects/{project}/environments",
        "environment",
        settings.maxBodyBytes(),
        (request, page) ->
            environments.list(
                Requests.tenant(request),
                Requests.project(request),
                Requests.grants(request).environmentsSeen(Requests.project(request)),
                page.after(),
                page.limit()),
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
                .flatMap(ProjectRoutes::begun));
  }

  private RouterFunction<ServerResponse> deletionRoutes() {
    return RouterFunctions.route()
        .GET(DELETIONS, this::deletions)
        .GET(DELETIONS + "/{deletion}", this::deletion)
        .build();
  }

  private Mono<ServerResponse> deletions(ServerRequest request) {
    var page = Page.of(request);
    return deletions
        .list(
            Requests.tenant(request),
            Requests.grants(request).projectsSeen(),
            page.before(),
            page.limit())
        .flatMap(found ->
            Answers.json(page.answer(found, one -> Long.toString(one.number()), Deletion::json)));
  }

  private Mono<ServerResponse> deletion(ServerRequest request) {
    return deletions
        .get(Requests.tenant(request), Requests.id(request, "deletion"))
        .filter(found -> Requests.grants(request).sees(found.project()))
        .switchIfEmpty(Mono.error(() -> new Problem.NotFound("there is no such deletion")))
        .flatMap(found -> Answers.json(found.json()));
  }

  /// What was deleted is out of sight; its rows go on being removed.
  private static Mono<ServerResponse> begun(Deletion deletion) {
    var id = deletion.id().toString();
    return Answers.accepted(
        Json.object().put("id", id).put("state", deletion.state()),
        "/api/v1" + DELETIONS + "/" + id);
  }
}
