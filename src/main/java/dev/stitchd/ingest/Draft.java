package dev.stitchd.ingest;

import dev.stitchd.kernel.Json;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// The fields of one event as the request has them, before they are understood. Of the context only
/// the targeting key is kept, so no private attribute goes any further. The first thing that is
/// wrong is remembered; reading goes on to the event's end. Confined to one thread.
final class Draft {

  /// Fields of `track` events that are read when there are definitions for them.
  private static final Set<String> OF_TRACK = Set.of("event", "value", "properties");

  private static final String TARGETING_KEY = "targetingKey";
  private static final int LONGEST_NAME = 100;
  private static final int LONGEST_ID_REPEATED = 100;

  @Nullable String type;
  @Nullable String id;
  @Nullable String at;
  @Nullable String flag;
  @Nullable String variant;
  @Nullable String ruleId;
  @Nullable String reason;
  @Nullable String targetingKey;
  boolean keyIsPrivate;
  @Nullable Long count;
  @Nullable Rejection wrong;

  private Draft() {}

  /// Reads the object at whose start the parser stands; leaves it at the object's end.
  static Draft read(JsonParser parser) {
    var draft = new Draft();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      var token = parser.nextToken();
      draft.field(name, token, parser);
    }
    return draft;
  }

  private void field(String name, JsonToken token, JsonParser parser) {
    switch (name) {
      case "type" -> type = text(name, token, parser);
      case "id" -> id = text(name, token, parser);
      case "at" -> at = text(name, token, parser);
      case "flag" -> flag = text(name, token, parser);
      case "variant" -> variant = text(name, token, parser);
      case "ruleId" -> ruleId = text(name, token, parser);
      case "reason" -> reason = text(name, token, parser);
      case "count" -> count = number(token, parser);
      case "context" -> context(token, parser);
      default -> other(name, parser);
    }
  }

  private void context(JsonToken token, JsonParser parser) {
    if (token == JsonToken.VALUE_NULL) {
      return;
    }
    if (token != JsonToken.START_OBJECT) {
      skip(parser);
      malformed("context must be an object");
      return;
    }
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      var value = parser.nextToken();
      switch (name) {
        case TARGETING_KEY -> targetingKey = text("context.targetingKey", value, parser);
        case "privateAttributes" -> privateAttributes(value, parser);
        default -> skip(parser);
      }
    }
  }

  private void privateAttributes(JsonToken token, JsonParser parser) {
    if (token == JsonToken.VALUE_NULL) {
      return;
    }
    if (token != JsonToken.START_ARRAY) {
      skip(parser);
      malformed("context.privateAttributes must be a list of strings");
      return;
    }
    for (var element = parser.nextToken();
        element != JsonToken.END_ARRAY;
        element = parser.nextToken()) {
      if (element != JsonToken.VALUE_STRING) {
        skip(parser);
        malformed("context.privateAttributes must be a list of strings");
      } else if (parser.getString().equals(TARGETING_KEY)) {
        keyIsPrivate = true;
      }
    }
  }

  private void other(String name, JsonParser parser) {
    skip(parser);
    if (!OF_TRACK.contains(name)) {
      malformed("unknown field '" + shown(name) + "'");
    }
  }

  private @Nullable String text(String name, JsonToken token, JsonParser parser) {
    if (token == JsonToken.VALUE_NULL) {
      return null;
    }
    if (token != JsonToken.VALUE_STRING) {
      skip(parser);
      malformed(name + " must be a string");
      return null;
    }
    var text = parser.getString();
    if (!Json.isStorable(text)) {
      note(
          RejectionCode.TEXT_NOT_STORABLE,
          name + " holds NUL or half of a surrogate pair, which no store can keep");
      return null;
    }
    return text;
  }

  private @Nullable Long number(JsonToken token, JsonParser parser) {
    if (token == JsonToken.VALUE_NULL) {
      return null;
    }
    if (token == JsonToken.VALUE_NUMBER_INT
        && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
      return parser.getLongValue();
    }
    skip(parser);
    note(RejectionCode.BAD_COUNT, "count must be a whole number of at most 64 bits");
    return null;
  }

  private static void skip(JsonParser parser) {
    var _ = parser.skipChildren();
  }

  private void malformed(String detail) {
    note(RejectionCode.MALFORMED, detail);
  }

  private void note(RejectionCode code, String detail) {
    if (wrong == null) {
      wrong = new Rejection(code, detail);
    }
  }

  /// The id, if it is short enough to be repeated in an answer.
  @Nullable String shownId() {
    return id == null || id.length() > LONGEST_ID_REPEATED ? null : id;
  }

  private static String shown(String name) {
    if (!Json.isStorable(name)) {
      return "?";
    }
    return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME) + "…";
  }
}
