package dev.stitchd.membership;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.ruleset.Ruleset;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// What a request asks: which of these keys are on which of these lists.
///
/// @param keys in the order asked, each once
/// @param segments all lists of the context type if the request names none
record Question(SequencedSet<String> keys, SequencedSet<String> segments) {

  static final int MOST_KEYS = 1_000;
  private static final int MOST_SEGMENTS = 5_000;

  /// Reads a body.
  ///
  /// @throws dev.stitchd.kernel.Problem.Malformed or [Invalid][dev.stitchd.kernel.Problem.Invalid]
  ///   with everything that is wrong
  static Question read(byte[] body, Ruleset ruleset) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(Json.parse(body), "", errors);
    var type = fields.text("contextType", JsonFields.MAX_TEXT);
    var contextType = type == null ? EvaluationContext.USER : type;
    var keys = keys(fields);
    var segments =
        fields.has("segments") ? named(fields, contextType, ruleset) : ruleset.lists(contextType);
    fields.refuseOthers(Set.of());
    errors.throwIfAny();
    return new Question(keys, segments);
  }

  private static SequencedSet<String> keys(JsonFields fields) {
    var keys = new LinkedHashSet<String>();
    if (fields.requiredValue("keys") == null) {
      return keys;
    }
    int i = 0;
    for (var value : fields.list("keys", MOST_KEYS)) {
      var mistake = mistake(value);
      if (mistake == null) {
        keys.add(value.stringValue());
      } else {
        fields.error("keys[" + i + "]", mistake);
      }
      i++;
    }
    return keys;
  }

  private static @Nullable String mistake(JsonNode key) {
    if (!key.isString() || key.stringValue().isEmpty()) {
      return "must be a string that is not empty";
    }
    return key.stringValue().getBytes(StandardCharsets.UTF_8).length
            > EvaluationContext.MAX_KEY_BYTES
        ? "is longer than " + EvaluationContext.MAX_KEY_BYTES + " bytes"
        : null;
  }

  private static SequencedSet<String> named(
      JsonFields fields, String contextType, Ruleset ruleset) {
    var segments = new LinkedHashSet<String>();
    int i = 0;
    for (var key : fields.texts("segments", MOST_SEGMENTS, JsonFields.MAX_TEXT)) {
      var segment = ruleset.segment(key);
      if (segment == null) {
        fields.error("segments[" + i + "]", "there is no segment '" + key + "' here");
      } else if (!segment.contextType().equals(contextType)) {
        fields.error(
            "segments[" + i + "]",
            "'" + key + "' has members of type '" + segment.contextType() + "'");
      } else {
        segments.add(key);
      }
      i++;
    }
    return segments;
  }
}
