package dev.stitchd.admin;

import dev.stitchd.boundary.VersionHeaders;
import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.Json;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.Written;
import dev.stitchd.ruleset.RulesetCheck;
import java.net.URI;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Answers of the management plane: JSON, the version as `ETag`, and the revisions that a write
/// made.
public final class Answers {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private Answers() {}

  /// As every time on the wire is.
  public static String time(Instant instant) {
    return TIME.format(instant);
  }

  public static Mono<ServerResponse> json(JsonNode body) {
    return ok().bodyValue(Json.writeBytes(body));
  }

  /// Something that goes on, and where to ask for it.
  public static Mono<ServerResponse> accepted(JsonNode body, String location) {
    return headers(ServerResponse.accepted())
        .header("Location", location)
        .bodyValue(Json.writeBytes(body));
  }

  public static Mono<ServerResponse> of(StoredResource stored) {
    return ok().header("ETag", VersionHeaders.etag(stored.version()))
        .bodyValue(Json.writeBytes(stored.resource()));
  }

  public static Mono<ServerResponse> of(Written written) {
    return of(ok(), written, List.of());
  }

  /// An answer to a write that does what hardly was meant.
  public static Mono<ServerResponse> of(Written written, List<FieldError> warnings) {
    return of(ok(), written, warnings);
  }

  /// Adds what is hardly what was meant to an answer, if there is any.
  public static ObjectNode warned(ObjectNode body, List<FieldError> warnings) {
    if (warnings.isEmpty()) {
      return body;
    }
    var warned = Json.object();
    warned.setAll(body);
    var list = warned.putArray("warnings");
    warnings.forEach(w -> list.addObject().put("path", w.path()).put("message", w.message()));
    return warned;
  }

  public static Mono<ServerResponse> created(Written written, String location) {
    return of(headers(ServerResponse.created(URI.create(location))), written, List.of());
  }

  /// The answer to what made a secret, the only one that shows it.
  ///
  /// @param name of the field that holds it
  public static Mono<ServerResponse> created(
      ServerRequest request, Written written, String name, String secret) {
    var shown =
        new Written(
            written.resource().deepCopy().put(name, secret),
            written.version(),
            written.revisions());
    return created(shown, request.path() + "/" + written.resource().get("id").stringValue());
  }

  /// An answer to a write, with headers of its own.
  public static Mono<ServerResponse> of(Written written, Map<String, String> more) {
    var answer = ok();
    more.forEach(answer::header);
    return of(answer, written, List.of());
  }

  public static Mono<ServerResponse> gone() {
    return ServerResponse.status(204).build();
  }

  /// The same, with the revisions that the deletion made.
  public static Mono<ServerResponse> gone(Written deleted) {
    return revised(ServerResponse.status(204), deleted.revisions()).build();
  }

  /// An answer to a write of more than one resource, which has no version of its own.
  public static Mono<ServerResponse> revised(Written written) {
    return revised(ok(), written.revisions()).bodyValue(Json.writeBytes(written.resource()));
  }

  private static Mono<ServerResponse> of(
      ServerResponse.BodyBuilder answer, Written written, List<FieldError> warnings) {
    var all = new ArrayList<>(warnings);
    all.addAll(RulesetCheck.warnings(written.resource()));
    return revised(answer, written.revisions())
        .header("ETag", VersionHeaders.etag(written.version()))
        .bodyValue(Json.writeBytes(warned(written.resource(), all)));
  }

  private static ServerResponse.BodyBuilder revised(
      ServerResponse.BodyBuilder answer, Map<String, Long> revisions) {
    var text =
        revisions.entrySet().stream()
            .map(e -> e.getKey() + "=" + e.getValue())
            .collect(Collectors.joining(", "));
    return revisions.isEmpty() ? answer : answer.header("Stitchd-Revision", text);
  }

  private static ServerResponse.BodyBuilder ok() {
    return headers(ServerResponse.ok());
  }

  private static ServerResponse.BodyBuilder headers(ServerResponse.BodyBuilder answer) {
    return answer.contentType(MediaType.APPLICATION_JSON).header("Cache-Control", "no-store");
  }
}
