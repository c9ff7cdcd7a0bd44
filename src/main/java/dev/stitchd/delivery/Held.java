package dev.stitchd.delivery;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An event between admission and durability.
///
/// @param ticket who waits for it; null for an event of this server's own
/// @param weight its estimated size on the heap, in bytes
record Held(Event event, @Nullable Ticket ticket, int weight) {

  /// Objects, references and headers around an event's text, measured generously.
  private static final int FRAME = 400;

  /// As characters of text: half the bytes of an entry and the headers of its two strings.
  private static final int ENTRY = 80;

  static Held of(Event event, @Nullable Ticket ticket) {
    return new Held(event, ticket, FRAME + 2 * textLength(event));
  }

  private static int textLength(Event event) {
    return switch (event) {
      case Event.Evaluation e ->
          e.flag().length()
              + e.variant().length()
              + length(e.ruleId())
              + length(e.reason())
              + e.contextType().length()
              + e.contextKey().length()
              + length(e.attributes());
      case Event.Count c -> c.flag().length() + c.variant().length();
      case Event.Track t ->
          t.event().length()
              + t.properties().length()
              + t.contextType().length()
              + t.contextKey().length()
              + length(t.attributes());
    };
  }

  /// With what the map itself needs for each.
  private static int length(Map<String, String> attributes) {
    int length = 0;
    for (var attribute : attributes.entrySet()) {
      length += ENTRY + attribute.getKey().length() + attribute.getValue().length();
    }
    return length;
  }

  private static int length(@Nullable String text) {
    return text == null ? 0 : text.length();
  }
}
