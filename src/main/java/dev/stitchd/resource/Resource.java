package dev.stitchd.resource;

import tools.jackson.databind.node.ObjectNode;

/// A resource as it stands in the store, as far as writing any of them needs to know.
public interface Resource {

  /// The resource as the API answers it and the audit log keeps it.
  ObjectNode body();

  /// Its version, which rises with every change.
  long version();
}
