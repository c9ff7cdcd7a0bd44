package dev.stitchd.catalog.project;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.resource.KeyAndName;
import dev.stitchd.resource.ReadOnlyFields;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What an editor may say of an environment.
///
/// @param settings `allowedOrigins` (browser origins that client keys may be used from; `*` for
///   all), `privateAttributes` (attribute paths that rules may use and nothing stores),
///   `autoRegisterEvents` (whether events that are tracked and not defined become defined) and
///   `quotas` (`eventsPerSecond`, `eventsBurst`)
record EnvironmentBody(KeyAndName named, boolean production, ObjectNode settings) {

  private static final int MAX_ENTRIES = 100;
  private static final int MAX_EVENTS = 100_000_000;
  private static final Set<String> READ_ONLY =
      Stream.concat(ReadOnlyFields.NAMES.stream(), Stream.of("revision"))
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
    if (fields.value("autoRegisterEvents") != null) {
      settings.put("autoRegisterEvents", fields.bool("autoRegisterEvents", false));
    }
    if (fields.value("quotas") != null) {
      settings.set("quotas", quotas(fields.object("quotas")));
    }
    fields.refuseOthers(Set.of());
    return settings;
  }

  private static ObjectNode quotas(JsonFields fields) {
    var quotas = Json.object();
    whole(fields, "eventsPerSecond", quotas);
    whole(fields, "eventsBurst", quotas);
    if (quotas.has("eventsBurst") && !quotas.has("eventsPerSecond")) {
      fields.error("eventsPerSecond", "is required where there is a burst");
    }
    fields.refuseOthers(Set.of());
    return quotas;
  }

  private static void whole(JsonFields fields, String name, ObjectNode quotas) {
    var value = fields.value(name);
    if (value == null) {
      return;
    }
    if (!value.isIntegralNumber()) {
      fields.malformed(name, "must be a whole number");
    } else if (!value.canConvertToInt() || value.intValue() < 1 || value.intValue() > MAX_EVENTS) {
      fields.error(name, "must be between 1 and " + MAX_EVENTS);
    } else {
      quotas.put(name, value.intValue());
    }
  }

  private static void copy(JsonFields fields, String name, ObjectNode settings) {
    if (fields.value(name) != null) {
      var list = settings.putArray(name);
      fields.texts(name, MAX_ENTRIES, JsonFields.MAX_TEXT).forEach(list::add);
    }
  }
}
