package dev.stitchd.resource;

import dev.stitchd.kernel.Json;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// A resource as it stands in the store, as far as writing any of them needs to know.
public interface Resource {

  /// The resource as the API answers it and the audit log keeps it.
  ObjectNode body();

  /// Its version, which rises with every change.
  long version();

  /// The beginning of a body.
  static ObjectNode named(String key, String name, @Nullable String description) {
    var body = Json.object().put("key", key).put("name", name);
    return description == null ? body : body.put("description", description);
  }
}
