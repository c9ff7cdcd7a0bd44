package dev.stitchd.catalog.change;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.web.util.UriUtils;
import tools.jackson.databind.JsonNode;

/// One write of a set, as a request would be that makes it alone.
///
/// @param path of the request, below the project
/// @param key of the flag or segment; null for a creation
/// @param expected the version that it was made against, −1 for any, null if it names none
record Change(
    Method method,
    String path,
    Target target,
    @Nullable String key,
    @Nullable Long expected,
    JsonNode body) {

  enum Method {
    POST,
    PUT,
    PATCH,
    DELETE
  }

  /// What it changes.
  enum Target {
    FLAG,
    TARGETING,
    SEGMENT;

    /// Whether it changes all environments of the project.
    boolean isOfProject() {
      return this == FLAG;
    }
  }

  private static final Set<String> METHODS = Set.of("POST", "PUT", "PATCH", "DELETE");
  private static final int LONGEST_PATH = 1_000;
  private static final int LONGEST_VERSION = 20;
  private static final long ANY = -1;

  /// Reads one; mistakes are noted, and then there is none.
  ///
  /// @param environment the one that the set is of
  static @Nullable Change read(JsonNode node, String at, String environment, FieldErrors errors) {
    var own = new FieldErrors();
    var fields = JsonFields.of(node, at, own);
    var method = fields.oneOf("method", METHODS);
    var path = fields.requiredText("path", LONGEST_PATH);
    var expected = expected(fields);
    var body = fields.value("body");
    fields.refuseOthers(Set.of());
    var change =
        method == null || path.isBlank()
            ? null
            : of(Method.valueOf(method), path, environment, expected, body, fields);
    errors.addAll(own);
    return own.isEmpty() ? change : null;
  }

  private static @Nullable Change of(
      Method method,
      String path,
      String environment,
      @Nullable Long expected,
      @Nullable JsonNode body,
      JsonFields fields) {
    var parts = parts(path);
    var target = target(parts, environment);
    var creates = target != null && key(target, parts) == null;
    if (target == null || creates != (method == Method.POST)) {
      fields.error(
          "path",
          "must be, for a %s, %s"
              .formatted(
                  method,
                  method == Method.POST
                      ? "flags or environments/%s/segments".formatted(environment)
                      : "flags/{flag}, flags/{flag}/environments/%1$s or environments/%1$s/segments/{segment}"
                          .formatted(environment)));
      return null;
    }
    if (method == Method.DELETE && target == Target.TARGETING) {
      fields.error("method", "targeting cannot be deleted");
    }
    if (method == Method.DELETE && body != null) {
      fields.malformed("body", "a deletion has none");
    } else if (method != Method.DELETE && body == null) {
      fields.error("body", "is required");
    } else if (method == Method.PATCH && body != null && !body.isObject()) {
      fields.malformed("body", "a merge patch must be an object");
    }
    return new Change(
        method, path, target, key(target, parts), expected, body == null ? Json.object() : body);
  }

  private static List<String> parts(String path) {
    try {
      return Stream.of(path.split("/", -1))
          .map(part -> UriUtils.decode(part, StandardCharsets.UTF_8))
          .toList();
    } catch (IllegalArgumentException _) {
      return List.of(path); // not a path at all
    }
  }

  private static @Nullable Target target(List<String> parts, String environment) {
    if (parts.getFirst().equals("flags") && parts.size() <= 2) {
      return Target.FLAG;
    }
    if (parts.size() == 4
        && parts.getFirst().equals("flags")
        && parts.subList(2, 4).equals(List.of("environments", environment))) {
      return Target.TARGETING;
    }
    return (parts.size() == 3 || parts.size() == 4)
            && parts.subList(0, 3).equals(List.of("environments", environment, "segments"))
        ? Target.SEGMENT
        : null;
  }

  private static @Nullable String key(Target target, List<String> parts) {
    return switch (target) {
      case FLAG -> parts.size() == 2 ? parts.getLast() : null;
      case TARGETING -> parts.get(1);
      case SEGMENT -> parts.size() == 4 ? parts.getLast() : null;
    };
  }

  private static @Nullable Long expected(JsonFields fields) {
    var text = fields.text("ifMatch", LONGEST_VERSION);
    if (text == null) {
      return null;
    }
    var digits =
        text.length() > 2 && text.startsWith("\"") && text.endsWith("\"")
            ? text.substring(1, text.length() - 1)
            : text;
    if (!text.equals("*") && !digits.matches("[0-9]{1,18}")) {
      fields.malformed("ifMatch", "must be one version, as \"7\", or *");
      return null;
    }
    return text.equals("*") ? ANY : Long.parseLong(digits);
  }
}
