package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.resource.KeyAndName;
import dev.stitchd.resource.ReadOnlyFields;
import dev.stitchd.ruleset.FlagShape;
import dev.stitchd.ruleset.ValueType;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What an editor may say of a flag, apart from what it does in an environment.
record FlagBody(
    KeyAndName named,
    FlagShape shape,
    @Nullable String description,
    List<String> tags,
    @Nullable String owner,
    boolean temporary,
    boolean archived) {

  private static final int MAX_DESCRIPTION = 2_000;
  private static final int MAX_TAGS = 50;
  private static final int MAX_TAG = 100;
  private static final int MAX_OWNER = 200;
  private static final Set<String> TYPES =
      Arrays.stream(ValueType.values())
          .map(ValueType::wire)
          .collect(Collectors.toUnmodifiableSet());

  /// Reads a request's body, collecting every mistake.
  ///
  /// @param existing the flag that is edited, whose key and type cannot change; null for a new one
  static FlagBody read(JsonNode body, @Nullable FlagRow existing) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var named =
        KeyAndName.read(fields, existing == null ? null : existing.key(), JsonFields::requiredKey);
    var type = type(fields, existing);
    var visible = fields.bool("clientVisible", false);
    var variants = fields.value("variants");
    var shape = type == null ? null : FlagShape.read(type, variants, visible, errors);
    var read =
        new FlagBody(
            named,
            shape == null
                ? FlagShape.read(ValueType.BOOLEAN, null, visible, new FieldErrors())
                : shape,
            fields.text("description", MAX_DESCRIPTION),
            fields.texts("tags", MAX_TAGS, MAX_TAG).stream().distinct().toList(),
            fields.text("owner", MAX_OWNER),
            fields.bool("temporary", false),
            fields.bool("archived", false));
    fields.refuseOthers(ReadOnlyFields.NAMES);
    errors.throwIfAny();
    return read;
  }

  /// The flag as files have it.
  ObjectNode portable() {
    var body = Json.object().put("name", named.name()).put("type", shape.type().wire());
    var values = body.putObject("variants");
    shape.variants().forEach(values::set);
    if (description != null) {
      body.put("description", description);
    }
    var list = body.putArray("tags");
    tags.forEach(list::add);
    if (owner != null) {
      body.put("owner", owner);
    }
    return body.put("clientVisible", shape.clientVisible())
        .put("temporary", temporary)
        .put("archived", archived);
  }

  private static @Nullable ValueType type(JsonFields fields, @Nullable FlagRow existing) {
    if (existing == null) {
      var name = fields.oneOf("type", TYPES);
      return name == null ? null : ValueType.of(name);
    }
    var repeated = fields.text("type", MAX_TAG);
    if (repeated != null && !repeated.equals(existing.shape().type().wire())) {
      fields.error("type", "cannot be changed; it is '" + existing.shape().type().wire() + "'");
    }
    return existing.shape().type();
  }
}
