package dev.stitchd.ingest;

import dev.stitchd.kernel.Json;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// The fields of one event as the request has them, before they are understood. The first thing
/// that is wrong is remembered; reading goes on to the event's end. Confined to one thread.
final class RawEvent {

  private static final int LONGEST_NAME = 100;
  private static final int LONGEST_ID_REPEATED = 100;

  @Nullable String type;
  @Nullable String id;
  @Nullable String at;
  @Nullable String flag;
  @Nullable String variant;
  @Nullable String ruleId;
  @Nullable String reason;
  @Nullable Long count;
  @Nullable String event;
  @Nullable Double value;

  /// Whether `value` is near the number that was sent, and not that number.
  boolean rounded;

  RawProperties.@Nullable Properties properties;
  final RawContext context;
  @Nullable Rejection wrong;

  private final TextPool texts;

  private RawEvent(TextPool texts) {
    this.texts = texts;
    this.context = new RawContext(this, texts);
  }

  /// Reads the object at whose start the parser stands; leaves it at the object's end.
  static RawEvent read(JsonParser parser, TextPool texts) {
    var draft = new RawEvent(texts);
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      var token = parser.nextToken();
      draft.field(name, token, parser);
    }
    return draft;
  }

  private void field(String name, JsonToken token, JsonParser parser) {
    switch (name) {
      case "type" -> type = word(name, token, parser);
      case "id" -> id = text(name, token, parser);
      case "at" -> at = text(name, token, parser);
      case "flag" -> flag = word(name, token, parser);
      case "variant" -> variant = word(name, token, parser);
      case "ruleId" -> ruleId = word(name, token, parser);
      case "reason" -> reason = word(name, token, parser);
      case "count" -> count = number(token, parser);
      case "event" -> event = word(name, token, parser);
      case "value" -> value = measure(token, parser);
      case "properties" -> properties = RawProperties.read(token, parser, this);
      case "context" -> context.read(token, parser);
      default -> other(name, parser);
    }
  }

  private void other(String name, JsonParser parser) {
    skip(parser);
    malformed("unknown field '" + shown(name) + "'");
  }

  @Nullable String text(String name, JsonToken token, JsonParser parser) {
    return isText(name, token, parser) ? storable(name, parser.getString()) : null;
  }

  /// Text that other events are likely to have too.
  private @Nullable String word(String name, JsonToken token, JsonParser parser) {
    return isText(name, token, parser) ? storable(name, texts.at(parser)) : null;
  }

  private boolean isText(String name, JsonToken token, JsonParser parser) {
    if (token == JsonToken.VALUE_STRING) {
      return true;
    }
    if (token != JsonToken.VALUE_NULL) {
      skip(parser);
      malformed(name + " must be a string");
    }
    return false;
  }

  private @Nullable String storable(String name, String text) {
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

  private @Nullable Double measure(JsonToken token, JsonParser parser) {
    if (token == JsonToken.VALUE_NULL) {
      return null;
    }
    if (token != JsonToken.VALUE_NUMBER_INT && token != JsonToken.VALUE_NUMBER_FLOAT) {
      skip(parser);
      note(RejectionCode.BAD_VALUE, "value must be a number");
      return null;
    }
    double number = Double.parseDouble(parser.getString());
    if (!Double.isFinite(number)) {
      note(
          RejectionCode.BAD_VALUE,
          "value is a number beyond what 64 bits of floating point can hold");
    }
    rounded = !Json.isWritten(number, parser.getString());
    return number;
  }

  static void skip(JsonParser parser) {
    var _ = parser.skipChildren();
  }

  void malformed(String detail) {
    note(RejectionCode.MALFORMED, detail);
  }

  void note(RejectionCode code, String detail) {
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
