package dev.stitchd.admin.people;

import dev.stitchd.admin.Answers;
import dev.stitchd.admin.Collection;
import dev.stitchd.admin.Requests;
import dev.stitchd.boundary.VersionHeaders;
import dev.stitchd.people.Users;
import dev.stitchd.resource.Edit;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/// The people of a tenant, for its administrators.
@Component
public final class UserRoutes {

  private static final String ONE = "/users/{user}";

  private final Users users;

  UserRoutes(Users users) {
    this.users = users;
  }

  /// What it serves, below `/api/v1`.
  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET(
            "/users",
            request ->
                Collection.list(
                    request,
                    (r, page) -> users.list(Requests.tenant(r), page.after(), page.limit())))
        .GET(
            ONE,
            request ->
                users
                    .get(Requests.tenant(request), Requests.id(request, "user"))
                    .flatMap(Answers::of))
        .PUT(ONE + "/roles", this::setRoles)
        .DELETE(
            ONE,
            request ->
                users
                    .delete(Requests.author(request), Requests.id(request, "user"))
                    .then(Answers.gone()))
        .build();
  }

  private Mono<ServerResponse> setRoles(ServerRequest request) {
    var id = Requests.id(request, "user");
    var expected = VersionHeaders.optional(request);
    return users
        .get(Requests.tenant(request), id) // nothing is read for somebody who is not there
        .then(Mono.defer(() -> Requests.json(request)))
        .flatMap(body -> users.setRoles(Requests.author(request), id, Edit.replace(expected, body)))
        .flatMap(Answers::of);
  }
}
