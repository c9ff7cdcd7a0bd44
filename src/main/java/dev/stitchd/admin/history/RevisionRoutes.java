package dev.stitchd.admin.history;

import dev.stitchd.admin.Answers;
import dev.stitchd.admin.Requests;
import dev.stitchd.boundary.Page;
import dev.stitchd.catalog.revision.Restore;
import dev.stitchd.catalog.revision.Revisions;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.revisionlog.PublishedHistory;
import java.util.Set;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// What an environment published before, and back to it.
@Component
public final class RevisionRoutes {

  private static final String ENVIRONMENT = "/projects/{project}/environments/{environment}";
  private static final String REVISIONS = ENVIRONMENT + "/revisions";

  private final Revisions revisions;
  private final Restore restore;
  private final PublishedHistory history;

  RevisionRoutes(Revisions revisions, Restore restore, PublishedHistory history) {
    this.revisions = revisions;
    this.restore = restore;
    this.history = history;
  }

  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET(REVISIONS, this::list)
        .GET(REVISIONS + "/{revision}", this::one)
        .POST(REVISIONS + "/{revision}/restore", this::restored)
        .GET(ENVIRONMENT + "/diff", this::difference)
        .build();
  }

  private Mono<ServerResponse> list(ServerRequest request) {
    var page = Page.of(request);
    return revisions
        .list(
            Requests.tenant(request),
            Requests.project(request),
            Requests.environment(request),
            page.before(),
            page.limit())
        .map(found -> page.answer(found, one -> one.path("revision").toString(), one -> one))
        .flatMap(Answers::json);
  }

  private Mono<ServerResponse> one(ServerRequest request) {
    return revisions
        .get(
            Requests.tenant(request),
            Requests.project(request),
            Requests.environment(request),
            revision(request))
        .flatMap(Answers::json);
  }

  private Mono<ServerResponse> restored(ServerRequest request) {
    return known(request)
        .then(Requests.json(request))
        .doOnNext(RevisionRoutes::checkEmpty)
        .flatMap(_ ->
            restore.restore(
                Requests.author(request),
                Requests.project(request),
                Requests.environment(request),
                revision(request)))
        .flatMap(Answers::revised);
  }

  /// One that is not known any more is told before what is wrong with the body.
  private Mono<Void> known(ServerRequest request) {
    return history
        .position(
            Requests.tenant(request), Requests.project(request), Requests.environment(request))
        .flatMap(position ->
            history.known(Requests.tenant(request), position.environment(), revision(request)));
  }

  private Mono<ServerResponse> difference(ServerRequest request) {
    var errors = new FieldErrors();
    long from = revision(request, "from", errors);
    long to = revision(request, "to", errors);
    errors.throwIfAny();
    return history
        .position(
            Requests.tenant(request), Requests.project(request), Requests.environment(request))
        .doOnNext(position -> position.check(Math.max(from, to)))
        .flatMap(_ ->
            revisions.difference(
                Requests.tenant(request),
                Requests.project(request),
                Requests.environment(request),
                from,
                to))
        .flatMap(Answers::json);
  }

  private static void checkEmpty(JsonNode body) {
    var errors = new FieldErrors();
    JsonFields.of(body, "", errors).refuseOthers(Set.of());
    errors.throwIfAny();
  }

  /// There is one of this number, or the request would not have come this far.
  private static long revision(ServerRequest request) {
    return Long.parseLong(request.pathVariable("revision"));
  }

  private static long revision(ServerRequest request, String name, FieldErrors errors) {
    var text = request.queryParam(name).orElse("");
    if (text.matches("[0-9]{1,18}")) {
      return Long.parseLong(text);
    }
    errors.addMalformed(
        name, text.isEmpty() ? "is missing" : "must be a revision of the environment, as 813");
    return 0;
  }
}
