package dev.stitchd.admin.history;

import dev.stitchd.admin.Answers;
import dev.stitchd.admin.Requests;
import dev.stitchd.boundary.BodyReader;
import dev.stitchd.boundary.Yaml;
import dev.stitchd.catalog.transfer.ProjectTransfers;
import dev.stitchd.kernel.Json;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// A whole project as a file, JSON or YAML, and back from one.
@Component
public final class TransferRoutes {

  private static final MediaType YAML = new MediaType("application", "yaml");

  private final ProjectTransfers transfers;
  private final ImportSettings settings;

  TransferRoutes(ProjectTransfers transfers, ImportSettings settings) {
    this.transfers = transfers;
    this.settings = settings;
  }

  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/projects/{project}/export", this::exported)
        .POST("/projects/{project}/import", this::imported)
        .build();
  }

  private Mono<ServerResponse> exported(ServerRequest request) {
    var yaml =
        request.headers().accept().stream().anyMatch(type -> Yaml.isNamedBy(type.toString()));
    return transfers
        .exported(Requests.author(request), Requests.project(request))
        .flatMap(file ->
            ServerResponse.ok()
                .contentType(yaml ? YAML : MediaType.APPLICATION_JSON)
                .header("Cache-Control", "no-store")
                .header("Vary", "Accept")
                .bodyValue(yaml ? Yaml.write(file) : Json.writeIndented(file)));
  }

  private Mono<ServerResponse> imported(ServerRequest request) {
    boolean dryRun = Requests.flag(request, "dryRun");
    return file(request)
        .flatMap(file ->
            transfers.imported(Requests.author(request), Requests.project(request), file, dryRun))
        .flatMap(Answers::revised);
  }

  private Mono<JsonNode> file(ServerRequest request) {
    return read(request).delayUntil(_ -> Requests.stillAllowed(request));
  }

  private Mono<JsonNode> read(ServerRequest request) {
    var type = request.headers().firstHeader("Content-Type");
    if (!Yaml.isNamedBy(type)) {
      return BodyReader.json(request, settings.maxBodyBytes());
    }
    return Mono.fromRunnable(
            () -> BodyReader.checkJson(null, request.headers().firstHeader("Content-Encoding")))
        .then(BodyReader.bytes(request, settings.maxBodyBytes()))
        .map(Yaml::parse);
  }
}
