package dev.stitchd.admin;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.access.SecretKeys;
import dev.stitchd.catalog.project.EnvironmentKeys;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Problem;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// SDK keys: made here, shown once, kept as hashes.
@Component
final class SdkKeyRoutes {

  private static final String PATH = "/projects/{project}/environments/{environment}/sdk-keys";
  private static final Map<String, SdkCaller.Kind> KINDS =
      Map.of("server", SdkCaller.Kind.SERVER, "client", SdkCaller.Kind.CLIENT);
  private static final int MAX_NAME = 200;

  private record NewKey(String name, String kind) {}

  private final EnvironmentKeys keys;
  private final SecretKeys secrets;
  private final AdminSettings settings;

  SdkKeyRoutes(EnvironmentKeys keys, SecretKeys secrets, AdminSettings settings) {
    this.keys = keys;
    this.secrets = secrets;
    this.settings = settings;
  }

  RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET(
            PATH,
            request ->
                Collection.list(
                    request,
                    (r, page) ->
                        keys.list(
                            Requests.tenant(r),
                            Requests.project(r),
                            Requests.environment(r),
                            page.after(),
                            page.limit())))
        .POST(
            PATH,
            request ->
                Requests.json(request, settings.maxBodyBytes())
                    .flatMap(body -> create(request, body)))
        .GET(
            PATH + "/{key}",
            request ->
                keys.get(
                        Requests.tenant(request),
                        Requests.project(request),
                        Requests.environment(request),
                        id(request))
                    .flatMap(Answers::of))
        .DELETE(PATH + "/{key}", this::revoke)
        .build();
  }

  private Mono<ServerResponse> create(ServerRequest request, JsonNode body) {
    Requests.refuseRepetition(request, "an SDK key");
    var wanted = read(body);
    var secret = secrets.newSdkKey(KINDS.getOrDefault(wanted.kind(), SdkCaller.Kind.SERVER));
    return keys.create(
            Requests.author(request),
            Requests.project(request),
            Requests.environment(request),
            wanted.name(),
            wanted.kind(),
            secret.hash())
        .flatMap(written -> Answers.created(request, written, "key", secret.secret()));
  }

  private Mono<ServerResponse> revoke(ServerRequest request) {
    var force = Requests.flag(request, "force");
    return keys.revoke(
            Requests.author(request),
            Requests.project(request),
            Requests.environment(request),
            id(request),
            force)
        .then(Answers.gone());
  }

  private static NewKey read(JsonNode body) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var name = fields.requiredText("name", MAX_NAME);
    var kind = fields.oneOf("kind", KINDS.keySet());
    fields.refuseOthers(Set.of("id", "version", "createdAt", "createdBy"));
    errors.throwIfAny();
    return new NewKey(name, kind == null ? "" : kind);
  }

  private static UUID id(ServerRequest request) {
    try {
      return UUID.fromString(request.pathVariable("key"));
    } catch (IllegalArgumentException e) {
      throw new Problem.NotFound("there is no such key in this environment");
    }
  }
}
