package dev.stitchd.revisionlog;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// An item's whole new state; null removes it.
///
/// @param targeting what editors wrote of a flag, which is more than is published; empty if it is
///   not, null if there is none
public record ItemChange(
    PublishedItems.Kind kind, String key, @Nullable JsonNode state, @Nullable JsonNode targeting) {

  public static ItemChange flag(
      String key, @Nullable JsonNode state, @Nullable JsonNode targeting) {
    return new ItemChange(PublishedItems.Kind.FLAG, key, state, targeting);
  }

  public static ItemChange segment(String key, @Nullable JsonNode state) {
    return new ItemChange(PublishedItems.Kind.SEGMENT, key, state, null);
  }
}
