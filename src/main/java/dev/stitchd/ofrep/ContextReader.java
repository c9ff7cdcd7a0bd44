package dev.stitchd.ofrep;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Reads the evaluation context out of a request's body. Lenient where clients are: no body, `{}`
/// and `{"context":null}` all mean that nothing is known; other fields are ignored.
final class ContextReader {

  private final int maxBody;
  private final int maxContext;

  ContextReader(OfrepSettings settings) {
    maxBody = Math.toIntExact(settings.maxBody().toBytes());
    maxContext = Math.toIntExact(settings.maxContext().toBytes());
  }

  /// Most bytes of a body.
  int maxBody() {
    return maxBody;
  }

  /// The context.
  ///
  /// @throws Problem.Malformed if the body is not a JSON object
  /// @throws Problem.Invalid if the context is too large, too deep, or not a context
  EvaluationContext read(byte[] body) {
    if (body.length == 0) {
      return EvaluationContext.EMPTY;
    }
    if (!(Json.parseExcept(body, "context") instanceof ObjectNode object)) {
      throw new Problem.Malformed("the body must be a JSON object: {\"context\":{…}}");
    }
    var value = object.get("context");
    var errors = new FieldErrors();
    var context = EvaluationContext.read(value, "context", errors);
    if (value != null && body.length > maxContext) {
      checkSize(value);
    }
    if (!errors.isEmpty()) {
      throw new Problem.Invalid(text(errors), errors.list());
    }
    return context;
  }

  private void checkSize(JsonNode context) {
    int bytes = Json.writeBytes(context).length;
    if (bytes > maxContext) {
      throw new Problem.Invalid(
          "the context has " + bytes + " bytes, at most " + maxContext + " are allowed",
          java.util.List.of());
    }
  }

  private static String text(FieldErrors errors) {
    return errors.list().stream()
        .map(error -> error.path() + " " + error.message())
        .collect(Collectors.joining("; "));
  }
}
