package dev.stitchd.resource;

import tools.jackson.databind.node.ObjectNode;

/// A resource that was read.
///
/// @param key what it is listed by
/// @param resource as the API answers it
public record StoredResource(String key, ObjectNode resource, long version) {

  public static StoredResource of(String key, Resource resource) {
    return new StoredResource(key, resource.body(), resource.version());
  }
}
