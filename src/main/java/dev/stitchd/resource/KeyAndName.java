package dev.stitchd.resource;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// The two fields that every resource has: a key that never changes and a name for people.
public record KeyAndName(String key, String name) {

  private static final int MAX_NAME = 200;

  /// Reads both; mistakes are noted.
  ///
  /// @param existing the key of the resource that is edited, which the body may repeat but not
  ///   change; null for a new one
  public static KeyAndName read(JsonFields fields, @Nullable String existing) {
    return read(fields, existing, JsonFields::requiredLowerCaseKey);
  }

  /// As the other, where keys have another form.
  ///
  /// @param form reads the key of a new one
  public static KeyAndName read(
      JsonFields fields, @Nullable String existing, BiFunction<JsonFields, String, String> form) {
    if (existing == null) {
      return new KeyAndName(form.apply(fields, "key"), fields.requiredText("name", MAX_NAME));
    }
    var repeated = fields.text("key", 100);
    if (repeated != null && !repeated.equals(existing)) {
      fields.error("key", "cannot be changed; it is '" + existing + "'");
    }
    return new KeyAndName(existing, fields.requiredText("name", MAX_NAME));
  }

  /// Reads a body that may have these two and nothing else.
  ///
  /// @param existing as for [#read(JsonFields, String)]
  public static KeyAndName read(JsonNode body, @Nullable String existing) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var wanted = read(fields, existing);
    fields.refuseOthers(ReadOnlyFields.NAMES);
    errors.throwIfAny();
    return wanted;
  }

  /// The next state of what is named like this, checked against the version that the edit names.
  ///
  /// @param kind what it is, as `project`
  public static KeyAndName edited(String kind, NamedResource before, Edit edit) {
    var wanted = read(edit.body().apply(before.body()), before.key());
    edit.check(kind + " '" + before.key() + "'", before.version());
    return wanted;
  }
}
