package dev.stitchd.revisionlog;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// An item's whole new state; null removes it.
public record ItemChange(PublishedItems.Kind kind, String key, @Nullable JsonNode state) {

  public static ItemChange flag(String key, @Nullable JsonNode state) {
    return new ItemChange(PublishedItems.Kind.FLAG, key, state);
  }

  public static ItemChange segment(String key, @Nullable JsonNode state) {
    return new ItemChange(PublishedItems.Kind.SEGMENT, key, state);
  }
}
