package dev.stitchd.resource;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;

/// A change of a resource that exists: from its current body to the next, made against a version.
///
/// @param expected the version it was made against, or −1 for any
/// @param body from the current body to the wanted one; runs inside the transaction, so that a
///   patch meets the committed state
public record Edit(long expected, UnaryOperator<JsonNode> body) {

  /// Replaces the whole body.
  public static Edit replace(long expected, JsonNode body) {
    return new Edit(expected, _ -> body);
  }

  /// Applies a JSON Merge Patch (RFC 7396).
  public static Edit patch(long expected, JsonNode patch) {
    return new Edit(expected, current -> Json.mergePatch(current, patch));
  }

  /// A deletion, which has no body.
  public static Edit deletion(long expected) {
    return new Edit(expected, body -> body);
  }

  /// Refuses an edit that was made against another version.
  public void check(String resource, long current) {
    if (expected >= 0 && expected != current) {
      throw new Problem.StaleVersion(resource, current, expected);
    }
  }
}
