package dev.stitchd.boundary;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.springframework.http.HttpStatus;
import tools.jackson.databind.node.ObjectNode;

/// The one table from problems to HTTP, and their RFC 9457 bodies.
public final class ProblemWriter {

  private static final String TYPES = "https://stitchd.dev/problems/";

  private ProblemWriter() {}

  /// The HTTP status of a problem.
  public static HttpStatus status(Problem problem) {
    return switch (problem) {
      case Problem.Malformed _ -> HttpStatus.BAD_REQUEST;
      case Problem.Unauthenticated _ -> HttpStatus.UNAUTHORIZED;
      case Problem.Forbidden _ -> HttpStatus.FORBIDDEN;
      case Problem.NotFound _ -> HttpStatus.NOT_FOUND;
      case Problem.MethodNotAllowed _ -> HttpStatus.METHOD_NOT_ALLOWED;
      case Problem.StaleVersion _ -> HttpStatus.CONFLICT;
      case Problem.Conflict _ -> HttpStatus.CONFLICT;
      case Problem.TooLarge _ -> HttpStatus.CONTENT_TOO_LARGE;
      case Problem.UnsupportedMedia _ -> HttpStatus.UNSUPPORTED_MEDIA_TYPE;
      case Problem.Invalid _ -> HttpStatus.UNPROCESSABLE_CONTENT;
      case Problem.VersionRequired _ -> HttpStatus.PRECONDITION_REQUIRED;
      case Problem.TooMany _ -> HttpStatus.TOO_MANY_REQUESTS;
      case Problem.Unavailable _ -> HttpStatus.SERVICE_UNAVAILABLE;
    };
  }

  /// Headers that a problem asks for: `Retry-After` in whole seconds, `WWW-Authenticate`, `Allow`.
  public static Map<String, String> headers(Problem problem) {
    return switch (problem) {
      case Problem.TooMany later -> Map.of("Retry-After", wholeSeconds(later.retryAfter()));
      case Problem.Unavailable later -> Map.of("Retry-After", wholeSeconds(later.retryAfter()));
      case Problem.Unauthenticated _ -> Map.of("WWW-Authenticate", "Bearer");
      case Problem.MethodNotAllowed other -> Map.of("Allow", allowed(other.allowed()));
      case Problem.Malformed _,
          Problem.Forbidden _,
          Problem.NotFound _,
          Problem.StaleVersion _,
          Problem.Conflict _,
          Problem.TooLarge _,
          Problem.UnsupportedMedia _,
          Problem.Invalid _,
          Problem.VersionRequired _ ->
          Map.of();
    };
  }

  /// The problem as `application/problem+json`.
  ///
  /// @param instance the path of the request
  public static byte[] body(Problem problem, String instance) {
    var status = status(problem);
    var body =
        body(
            problem.code(),
            title(problem.code(), status),
            status.value(),
            problem.detail(),
            instance);
    if (problem instanceof Problem.StaleVersion stale) {
      body.put("current", stale.current());
    }
    if (!problem.errors().isEmpty()) {
      var errors = body.putArray("errors");
      problem
          .errors()
          .forEach(e -> errors.addObject().put("path", e.path()).put("message", e.message()));
    }
    return Json.writeBytes(body);
  }

  static byte[] body(HttpStatus status, String code, String detail, String instance) {
    return Json.writeBytes(body(code, status.getReasonPhrase(), status.value(), detail, instance));
  }

  private static ObjectNode body(
      String code, String title, int status, String detail, String instance) {
    return Json.object()
        .put("type", TYPES + code)
        .put("title", title)
        .put("status", status)
        .put("detail", detail)
        .put("instance", instance)
        .put("code", code);
  }

  private static String title(String code, HttpStatus status) {
    return switch (code) {
      case "stale-version" -> "Version is stale";
      case "malformed" -> "The request cannot be read";
      case "invalid" -> "The request is not valid";
      case "unauthenticated" -> "No valid credential";
      case "not-found" -> "Not found";
      case "history-pruned" -> "The history does not reach back so far";
      default -> status.getReasonPhrase();
    };
  }

  /// HEAD goes with GET.
  private static String allowed(List<String> methods) {
    var all = String.join(", ", methods);
    return methods.contains("GET") ? all + ", HEAD" : all;
  }

  private static String wholeSeconds(Duration duration) {
    return Long.toString(Math.max(1, duration.plusMillis(999).toSeconds()));
  }
}
