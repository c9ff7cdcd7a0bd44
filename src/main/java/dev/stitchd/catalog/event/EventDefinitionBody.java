package dev.stitchd.catalog.event;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.resource.KeyAndName;
import dev.stitchd.resource.ReadOnlyFields;
import dev.stitchd.resource.Resource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What an editor may say of an event definition.
///
/// @param unit of the value, for people, as `EUR` or `ms`
/// @param allowedProperties null for any
record EventDefinitionBody(
    KeyAndName named,
    @Nullable String description,
    EventValue value,
    @Nullable String unit,
    @Nullable List<String> allowedProperties) {

  private static final int MAX_UNIT = 50;
  private static final int MAX_PROPERTIES = 100;
  private static final int MAX_PROPERTY = 100;

  /// Reads a request's body, collecting every mistake.
  static EventDefinitionBody read(JsonNode body, @Nullable String existing) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var read =
        new EventDefinitionBody(
            KeyAndName.read(fields, existing, JsonFields::requiredPrintable),
            fields.text("description", JsonFields.MAX_TEXT),
            value(fields),
            fields.text("unit", MAX_UNIT),
            fields.value("allowedProperties") == null
                ? null
                : fields.texts("allowedProperties", MAX_PROPERTIES, MAX_PROPERTY).stream()
                    .distinct()
                    .toList());
    fields.refuseOthers(ReadOnlyFields.NAMES);
    if (read.unit != null && read.value == EventValue.NONE) {
      fields.error("unit", "makes no sense for an event without a value");
    }
    errors.throwIfAny();
    return read;
  }

  /// The definition as files have it.
  ObjectNode portable() {
    var body = Resource.named(named.key(), named.name(), description);
    var _ = body.remove("key");
    body.put("valueType", value.wire());
    if (unit != null) {
      body.put("unit", unit);
    }
    if (allowedProperties != null) {
      var list = body.putArray("allowedProperties");
      allowedProperties.forEach(list::add);
    }
    return body;
  }

  private static EventValue value(JsonFields fields) {
    if (fields.value("valueType") == null) {
      return EventValue.OPTIONAL;
    }
    var wire = fields.oneOf("valueType", EventValue.WIRE);
    return wire == null ? EventValue.OPTIONAL : EventValue.of(wire);
  }
}
