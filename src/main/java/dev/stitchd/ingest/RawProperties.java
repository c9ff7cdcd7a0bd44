package dev.stitchd.ingest;

import dev.stitchd.kernel.Json;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// The properties of a `track` event while they are read: copied to compact JSON, numbers spelt as
/// they came. What no store can keep is noted at the event. Confined to one thread.
final class RawProperties {

  /// How deep properties may nest.
  private static final int MAX_DEPTH = 8;

  /// What is stored is read again, by others too.
  private static final int LONGEST_NUMBER = 1_000;

  private final RawEvent event;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final JsonGenerator copy = Json.generator(bytes);
  private final List<String> names = new ArrayList<>();
  private boolean keep = true;

  private RawProperties(RawEvent event) {
    this.event = event;
  }

  /// Properties as JSON and the names of the outermost.
  record Properties(String json, List<String> names) {
    static final Properties NONE = new Properties("{}", List.of());

    Properties {
      names = List.copyOf(names);
    }
  }

  /// Reads the value that the parser stands at, to its end.
  static Properties read(JsonToken token, JsonParser parser, RawEvent event) {
    if (token == JsonToken.VALUE_NULL) {
      return Properties.NONE;
    }
    if (token != JsonToken.START_OBJECT) {
      RawEvent.skip(parser);
      event.malformed("properties must be an object");
      return Properties.NONE;
    }
    return new RawProperties(event).object(parser);
  }

  private Properties object(JsonParser parser) {
    int depth = 0;
    for (var token = JsonToken.START_OBJECT; token != null; token = parser.nextToken()) {
      depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
      if (depth > MAX_DEPTH) {
        refuse(RejectionCode.MALFORMED, "properties nest deeper than " + MAX_DEPTH + " levels");
      }
      if (keep) {
        copy(token, parser, depth);
      }
      if (depth == 0) {
        break;
      }
    }
    if (!keep) {
      return Properties.NONE; // refused, and told
    }
    copy.close();
    return new Properties(bytes.toString(StandardCharsets.UTF_8), names);
  }

  private void copy(JsonToken token, JsonParser parser, int depth) {
    switch (token) {
      case START_OBJECT -> copy.writeStartObject();
      case END_OBJECT -> copy.writeEndObject();
      case START_ARRAY -> copy.writeStartArray();
      case END_ARRAY -> copy.writeEndArray();
      case PROPERTY_NAME -> name(parser.currentName(), depth);
      case VALUE_STRING -> text(parser.getString());
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(parser.getString());
      case VALUE_TRUE, VALUE_FALSE -> copy.writeBoolean(token == JsonToken.VALUE_TRUE);
      case VALUE_NULL -> copy.writeNull();
      case NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT ->
          throw new IllegalStateException("JSON text has no " + token);
    }
  }

  private void name(String name, int depth) {
    if (!Json.isStorable(name)) {
      refuseText();
      return;
    }
    copy.writeName(name);
    if (depth == 1) {
      names.add(name);
    }
  }

  private void text(String text) {
    if (Json.isStorable(text)) {
      copy.writeString(text);
    } else {
      refuseText();
    }
  }

  private void number(String text) {
    if (text.length() <= LONGEST_NUMBER && Double.isFinite(Double.parseDouble(text))) {
      copy.writeNumber(text);
    } else {
      refuse(
          RejectionCode.NUMBER_NOT_STORABLE,
          "properties hold a number beyond what 64 bits of floating point can hold, or longer than "
              + LONGEST_NUMBER
              + " characters");
    }
  }

  private void refuseText() {
    refuse(
        RejectionCode.TEXT_NOT_STORABLE,
        "properties hold NUL or half of a surrogate pair, which no store can keep");
  }

  private void refuse(RejectionCode code, String detail) {
    keep = false;
    event.note(code, detail);
  }
}
