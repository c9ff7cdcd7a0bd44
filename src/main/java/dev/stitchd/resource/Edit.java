package dev.stitchd.resource;

import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// A change of a resource that exists: from its current body to the next, made against a version.
///
/// @param expected the version it was made against, −1 for any, null if it had to name one and did
///   not: that is refused after whatever is wrong with the body
/// @param body from the current body to the wanted one; runs inside the transaction, so that a
///   patch meets the committed state
/// @param warnings what of it is hardly what was meant
public record Edit(
    @Nullable Long expected, UnaryOperator<JsonNode> body, List<FieldError> warnings) {

  public Edit(@Nullable Long expected, UnaryOperator<JsonNode> body) {
    this(expected, body, List.of());
  }

  /// Replaces the whole body.
  public static Edit replace(@Nullable Long expected, JsonNode body) {
    return new Edit(expected, _ -> body);
  }

  /// Applies a JSON Merge Patch (RFC 7396).
  public static Edit patch(long expected, JsonNode patch) {
    var dropped = new ArrayList<FieldError>();
    patch
        .path("variants")
        .properties()
        .forEach(variant -> drops(variant.getValue(), "variants." + variant.getKey(), dropped));
    return new Edit(expected, current -> Json.mergePatch(current, patch), dropped);
  }

  /// A patch goes into the values of JSON variants, where people may mean a null for a value.
  private static void drops(JsonNode value, String path, List<FieldError> found) {
    for (var member : value.properties()) {
      var at = path + "." + member.getKey();
      if (member.getValue().isNull() && found.size() < FieldErrors.MOST) {
        found.add(
            new FieldError(
                at, "null in a PATCH removes the member; PUT replaces the value as it is"));
      }
      drops(member.getValue(), at, found);
    }
  }

  /// A deletion, which has no body.
  public static Edit deletion(long expected) {
    return new Edit(expected, body -> body);
  }

  /// Refuses an edit that was made against another version, or had to name one.
  ///
  /// @throws Problem.VersionRequired if it names none
  /// @throws Problem.StaleVersion if it names another
  public void check(String resource, long current) {
    if (expected == null) {
      throw new Problem.VersionRequired();
    }
    if (expected >= 0 && expected != current) {
      throw new Problem.StaleVersion(resource, current, expected);
    }
  }
}
