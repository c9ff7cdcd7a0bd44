package dev.stitchd.catalog.revision;

import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Targeting;
import io.r2dbc.spi.Readable;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// An item as a row of the log has it.
///
/// @param published what SDKs were told
/// @param targeting what editors wrote of a flag; empty if what is published says all of it, null
///   if the row is of a version that did not keep it
record LoggedItem(JsonNode published, @Nullable JsonNode targeting) {

  /// Null if the row says that there was none, or there is no row.
  static @Nullable LoggedItem of(Readable row, String item, String targeting) {
    var published = row.get(item, String.class);
    var written = row.get(targeting, String.class);
    return published == null
        ? null
        : new LoggedItem(Json.parseOwn(published), written == null ? null : Json.parseOwn(written));
  }

  /// Whether all that editors wrote is known: descriptions, weights, earlier layouts.
  boolean isWhole() {
    return targeting != null;
  }

  /// A flag's targeting, with salts and slots as they were.
  ///
  /// @throws IllegalArgumentException if it is newer than this server
  Targeting editable() {
    return Targeting.fromJson(targeting == null || targeting.isEmpty() ? published : targeting);
  }

  /// The item as people see it: what was published and, of a flag, what editors wrote.
  JsonNode shown() {
    if (!published.has("offVariant")) {
      return published;
    }
    var shown = (ObjectNode) published.deepCopy();
    try {
      shown.setAll(editable().withoutHistory().toJson());
    } catch (IllegalArgumentException _) {
      return published; // of a newer version: shown as it is stored
    }
    return shown;
  }
}
