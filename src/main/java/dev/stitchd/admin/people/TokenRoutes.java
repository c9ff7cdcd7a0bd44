package dev.stitchd.admin.people;

import dev.stitchd.access.SecretKeys;
import dev.stitchd.admin.Answers;
import dev.stitchd.admin.Collection;
import dev.stitchd.admin.Requests;
import dev.stitchd.kernel.Json;
import dev.stitchd.people.Tokens;
import dev.stitchd.permission.Permissions;
import dev.stitchd.permission.Role;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// API tokens: made here, shown once, kept as hashes; and what the roles are that they may have.
@Component
public final class TokenRoutes {

  private static final String PATH = "/tokens";

  private final Tokens tokens;
  private final SecretKeys secrets;

  TokenRoutes(Tokens tokens, SecretKeys secrets) {
    this.tokens = tokens;
    this.secrets = secrets;
  }

  /// What it serves, below `/api/v1`.
  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/roles", _ -> Answers.json(roles()))
        .GET(
            PATH,
            request ->
                Collection.list(
                    request,
                    (r, page) ->
                        tokens.list(Requests.tenant(r), owner(r), page.after(), page.limit())))
        .POST(PATH, request -> Requests.json(request).flatMap(body -> create(request, body)))
        .GET(
            PATH + "/{token}",
            request ->
                tokens
                    .get(Requests.tenant(request), Requests.id(request, "token"), owner(request))
                    .flatMap(Answers::of))
        .DELETE(
            PATH + "/{token}",
            request ->
                tokens
                    .delete(Requests.author(request), Requests.id(request, "token"), owner(request))
                    .then(Answers.gone()))
        .build();
  }

  private Mono<ServerResponse> create(ServerRequest request, JsonNode body) {
    Requests.refuseRepetition(request, "an API token");
    var secret = secrets.newApiToken();
    return tokens
        .create(
            Requests.author(request),
            tokens.read(body),
            Requests.caller(request).user(),
            secret.hash(),
            Requests.caller(request).tokenEnds())
        .flatMap(written -> Answers.created(request, written, "token", secret.secret()));
  }

  /// Whose tokens the caller may see and delete: an administrator all, a person the own ones, a
  /// token itself and those that it made.
  private static @Nullable UUID owner(ServerRequest request) {
    var caller = Requests.caller(request);
    return caller.grants().administers() ? null : caller.actor().id();
  }

  private static JsonNode roles() {
    var answer = Json.object();
    var roles = answer.putArray("roles");
    for (var role : Role.values()) {
      roles
          .addObject()
          .put("role", role.wireName())
          .put("of", role.level().name().toLowerCase(Locale.ROOT))
          .put("may", role.meaning());
    }
    var routes = answer.putArray("routes");
    for (var row : Permissions.rows()) {
      routes
          .addObject()
          .put("method", row.method())
          .put("path", row.path())
          .put("needs", row.need().who());
    }
    return answer;
  }
}
