package dev.stitchd.catalog;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What an editor may say of an environment.
///
/// @param settings `allowedOrigins` (browser origins that client keys may be used from; `*` for
///   all) and `privateAttributes` (attribute paths that rules may use and nothing stores)
record EnvironmentBody(KeyAndName named, boolean production, ObjectNode settings) {

  private static final int MAX_ENTRIES = 100;
  private static final Set<String> READ_ONLY =
      Stream.concat(ReadOnly.FIELDS.stream(), Stream.of("revision"))
          .collect(Collectors.toUnmodifiableSet());

  /// Reads a request's body, collecting every mistake.
  static EnvironmentBody read(JsonNode body, @Nullable String existing) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var named = KeyAndName.read(fields, existing);
    var production = fields.bool("production", false);
    var settings =
        fields.value("settings") == null ? Json.object() : settings(fields.object("settings"));
    fields.refuseOthers(READ_ONLY);
    errors.throwIfAny();
    return new EnvironmentBody(named, production, settings);
  }

  private static ObjectNode settings(JsonFields fields) {
    var settings = Json.object();
    copy(fields, "allowedOrigins", settings);
    copy(fields, "privateAttributes", settings);
    fields.refuseOthers(Set.of());
    return settings;
  }

  private static void copy(JsonFields fields, String name, ObjectNode settings) {
    if (fields.value(name) != null) {
      var list = settings.putArray(name);
      fields.texts(name, MAX_ENTRIES, JsonFields.MAX_TEXT).forEach(list::add);
    }
  }
}
