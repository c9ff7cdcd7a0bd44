package dev.stitchd.catalog;

import tools.jackson.databind.node.ObjectNode;

/// A resource as the API answers it.
public record Stored(String key, ObjectNode resource, long version) {}
