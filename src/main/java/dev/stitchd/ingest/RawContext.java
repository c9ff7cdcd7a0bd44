package dev.stitchd.ingest;

import dev.stitchd.kernel.AttributePath;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.SeenAttributes;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.util.RawValue;

/// The context of one event while it is read: the key, what else is seen, and what of it is
/// private. Nothing private leaves this class. Confined to one thread.
final class RawContext {

  static final String TARGETING_KEY = "targetingKey";

  private static final String BAD_PATHS = "context.privateAttributes must be a list of strings";

  private final RawEvent event;
  private final SeenAttributes seen = new SeenAttributes();
  private final TextPool texts;
  private Set<String> hidden = Set.of();
  private @Nullable String key;

  RawContext(RawEvent event, TextPool texts) {
    this.event = event;
    this.texts = texts;
  }

  /// Reads the value that the parser stands at.
  void read(JsonToken token, JsonParser parser) {
    if (token == JsonToken.VALUE_NULL) {
      return;
    }
    if (token != JsonToken.START_OBJECT) {
      RawEvent.skip(parser);
      event.malformed("context must be an object");
      return;
    }
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      var value = parser.nextToken();
      switch (name) {
        case TARGETING_KEY -> key = event.text("context.targetingKey", value, parser);
        case "privateAttributes" -> privateAttributes(value, parser);
        default -> attribute(AttributePath.within("", name), value, parser, 1);
      }
    }
  }

  /// The key, unless there is none or it is private.
  ///
  /// @param alsoHidden private paths besides the context's own
  @Nullable String key(Set<String> alsoHidden) {
    return hidden.contains(TARGETING_KEY) || alsoHidden.contains(TARGETING_KEY) ? null : key;
  }

  /// What may be stored of the rest.
  Map<String, String> attributes(Set<String> alsoHidden) {
    return seen.without(hidden, alsoHidden);
  }

  private void attribute(String path, JsonToken token, JsonParser parser, int depth) {
    switch (token) {
      case START_OBJECT -> object(path, parser, depth);
      case START_ARRAY -> list(path, parser);
      case VALUE_STRING -> seen.add(path, texts.at(parser));
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(path, parser.getString());
      case VALUE_TRUE, VALUE_FALSE -> seen.add(path, parser.getString());
      default -> RawEvent.skip(parser);
    }
  }

  private void object(String path, JsonParser parser, int depth) {
    if (depth >= EvaluationContext.MAX_DEPTH || path.length() > SeenAttributes.LONGEST_PATH) {
      RawEvent.skip(parser);
      return;
    }
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = AttributePath.within(path, parser.currentName());
      attribute(name, parser.nextToken(), parser, depth + 1);
    }
  }

  private void number(String path, String text) {
    if (text.length() <= SeenAttributes.LONGEST_VALUE
        && Double.isFinite(Double.parseDouble(text))) {
      seen.add(path, text);
    }
  }

  private void list(String path, JsonParser parser) {
    var list = Json.array();
    boolean keep = true;
    for (var token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
      keep = keep && list.size() < SeenAttributes.LONGEST_VALUE && element(list, token, parser);
      RawEvent.skip(parser);
    }
    if (keep) {
      seen.add(path, Json.write(list));
    }
  }

  private static boolean element(ArrayNode list, JsonToken token, JsonParser parser) {
    switch (token) {
      case VALUE_STRING -> list.add(parser.getString());
      case VALUE_TRUE, VALUE_FALSE -> list.add(token == JsonToken.VALUE_TRUE);
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
        var number = parser.getString();
        list.addRawValue(new RawValue(number)); // as it was spelt, whatever a double makes of it
        return Double.isFinite(Double.parseDouble(number));
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private void privateAttributes(JsonToken token, JsonParser parser) {
    if (token == JsonToken.VALUE_NULL) {
      return;
    }
    if (token != JsonToken.START_ARRAY) {
      RawEvent.skip(parser);
      event.malformed(BAD_PATHS);
      return;
    }
    hidden = hidden.isEmpty() ? new HashSet<>() : hidden;
    for (var element = parser.nextToken();
        element != JsonToken.END_ARRAY;
        element = parser.nextToken()) {
      if (element == JsonToken.VALUE_STRING) {
        hidden.add(AttributePath.canonical(parser.getString()));
      } else {
        RawEvent.skip(parser);
        event.malformed(BAD_PATHS);
      }
    }
  }
}
