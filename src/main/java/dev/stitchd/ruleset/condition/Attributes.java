package dev.stitchd.ruleset.condition;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.JsonFields;

/// Reads attribute paths.
public final class Attributes {

  private Attributes() {}

  /// The path in a field; one that no context can have is noted.
  public static String read(JsonFields fields, String name) {
    var path = fields.requiredText(name, JsonFields.MAX_TEXT);
    if (!path.isBlank() && !Path.isValid(path)) {
      fields.error(
          name,
          "must be names joined by dots, none empty, at most "
              + EvaluationContext.MAX_DEPTH
              + (path.contains("\"") ? "; what begins with a quotation mark ends with one" : ""));
    }
    return path;
  }
}
