package dev.stitchd.ruleset;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.ruleset.condition.ContextTypes;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// A segment as editors write it.
///
/// @param when null if it has no condition
public record SegmentBody(
    String key,
    String name,
    @Nullable String description,
    String contextType,
    @Nullable Condition when) {

  private static final int MAX_NAME = 200;
  private static final Set<String> READ_ONLY =
      Set.of(
          "id", "version", "createdAt", "createdBy", "updatedAt", "updatedBy", "list", "warnings");

  /// Reads the body of a creation or a replacement. Notes everything wrong, unknown fields and
  /// wrong JSON types as errors of form; read-only fields of an answer are accepted and ignored.
  ///
  /// @param path where the body stands in the request; empty if it is the request
  /// @return what was read; meaningless if errors were noted
  public static SegmentBody read(JsonNode body, String path, FieldErrors errors) {
    var fields = JsonFields.of(body, path, errors);
    var key = fields.requiredKey("key");
    var name = fields.requiredText("name", MAX_NAME);
    var description = fields.text("description", Limits.DESCRIPTION);
    var contextType = ContextTypes.read(fields);
    var when = fields.value("when");
    var condition = when == null ? null : Condition.read(when, fields.at("when"), errors);
    fields.refuseOthers(READ_ONLY);
    return new SegmentBody(key, name, description, contextType, condition);
  }

  /// The segment to publish.
  public Segment published(Segment.@Nullable ListVersion list) {
    return Segment.of(key, contextType, when, list);
  }
}
