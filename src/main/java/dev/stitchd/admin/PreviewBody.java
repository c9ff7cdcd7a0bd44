package dev.stitchd.admin;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// What a preview asks for.
record PreviewBody(String flag, EvaluationContext context) {

  /// Reads a body; everything wrong is told at once.
  ///
  /// @param largestContext in bytes
  static PreviewBody read(JsonNode body, int largestContext) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var flag = fields.requiredKey("flag");
    var value = fields.value("context");
    if (value != null && Json.writeBytes(value).length > largestContext) {
      fields.error("context", "has more than " + largestContext + " bytes");
    }
    var context = EvaluationContext.read(value, "context", errors);
    fields.refuseOthers(Set.of());
    errors.throwIfAny();
    return new PreviewBody(flag, context);
  }
}
