package dev.stitchd.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.ingest.LineSplitter.Line;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;

/// Events from JSON, without a tree in between. What is wrong with one event rejects that event;
/// only what is no array at all is refused whole. One for each body; confined to one thread at a
/// time.
final class EventReader {

  private static final int LONGEST_NAME = 100;

  /// What an unset field is in many languages, so it names no event.
  private static final UUID NIL = new UUID(0, 0);

  /// Of one character in UTF-8; a surrogate pair is two characters.
  private static final int MOST_BYTES = 3;

  /// How the parser reports places without repeating the body.
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(Json.bounds(Json.MAX_DEPTH))
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private final IngestSettings settings;
  private final long eventSize;
  private final TextPool texts = new TextPool();

  EventReader(IngestSettings settings) {
    this.settings = settings;
    this.eventSize = settings.eventSize().toBytes();
  }

  /// Reads a whole array.
  ///
  /// @throws Problem.Malformed if it is not an array, and nothing else
  List<ReadEvent> array(byte[] utf8, Sender sender, Instant received) {
    try (var parser = JSON.createParser(ObjectReadContext.empty(), utf8)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new Problem.Malformed("the body must be a JSON array of events");
      }
      var items = new ArrayList<ReadEvent>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        items.add(element(items.size(), parser, sender, received));
      }
      if (parser.nextToken() != null) {
        throw new Problem.Malformed("the body goes on after its JSON array");
      }
      return items;
    } catch (JacksonException e) {
      return oneByOne(utf8, sender, received, e);
    }
  }

  /// The slower way, for an array in which something is not JSON: only that is rejected.
  private List<ReadEvent> oneByOne(
      byte[] utf8, Sender sender, Instant received, JacksonException e) {
    var elements = ArrayElements.of(utf8);
    if (elements == null) {
      throw new Problem.Malformed("the body is not valid JSON" + place(e));
    }
    var items = new ArrayList<ReadEvent>(elements.size());
    for (var element : elements) {
      items.add(single(items.size(), element, "element", sender, received));
    }
    return items;
  }

  /// Reads one line of NDJSON.
  ReadEvent line(int index, Line line, Sender sender, Instant received) {
    return switch (line) {
      case Line.TooLong _ -> tooLarge(index, null);
      case Line.Text(byte[] utf8) -> single(index, utf8, "line", sender, received);
    };
  }

  private ReadEvent single(int index, byte[] utf8, String what, Sender sender, Instant received) {
    try {
      return single(
          index, JSON.createParser(ObjectReadContext.empty(), utf8), what, sender, received);
    } catch (JacksonException e) {
      var text = Json.textWithOddNames(utf8);
      if (text == null) {
        return notJson(index, what, e);
      }
      try {
        return single(
            index, JSON.createParser(ObjectReadContext.empty(), text), what, sender, received);
      } catch (JacksonException _) {
        return notJson(index, what, e);
      }
    }
  }

  private ReadEvent single(
      int index, JsonParser from, String what, Sender sender, Instant received) {
    try (var parser = from) {
      parser.nextToken();
      var item = element(index, parser, sender, received);
      return parser.nextToken() == null
          ? item
          : new ReadEvent.Rejected(
              index,
              null,
              RejectionCode.MALFORMED,
              "the " + what + " goes on after its JSON value");
    }
  }

  private static ReadEvent notJson(int index, String what, JacksonException e) {
    return new ReadEvent.Rejected(
        index, null, RejectionCode.MALFORMED, "the " + what + " is not valid JSON" + place(e));
  }

  private ReadEvent element(int index, JsonParser parser, Sender sender, Instant received) {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      var _ = parser.skipChildren();
      return new ReadEvent.Rejected(
          index, null, RejectionCode.MALFORMED, "an event must be a JSON object");
    }
    long start = offset(parser.currentTokenLocation());
    var draft = RawEvent.read(parser, texts);
    long size = offset(parser.currentLocation()) - start;
    if (size > eventSize) {
      return tooLarge(index, draft.shownId());
    }
    try {
      return new ReadEvent.Valid(index, event(draft, sender, received), (int) size);
    } catch (Rejection rejection) {
      return new ReadEvent.Rejected(index, draft.shownId(), rejection.code(), rejection.detail());
    }
  }

  /// In bytes, or in characters where text is parsed.
  private static long offset(TokenStreamLocation at) {
    return Math.max(at.getByteOffset(), at.getCharOffset());
  }

  private ReadEvent tooLarge(int index, @Nullable String id) {
    return new ReadEvent.Rejected(
        index,
        id,
        RejectionCode.TOO_LARGE,
        "an event may have at most " + settings.eventSize().toBytes() + " bytes");
  }

  private Event event(RawEvent draft, Sender sender, Instant received) {
    if (draft.wrong != null) {
      throw draft.wrong;
    }
    var kind = EventKind.named(required(draft.type, "type"));
    if (kind == null) {
      throw new Rejection(RejectionCode.UNKNOWN_TYPE, "type must be evaluation, track or count");
    }
    return switch (kind) {
      case EVALUATION -> evaluation(draft, sender, received);
      case TRACK -> track(draft, sender, received);
      case COUNT -> count(draft, sender, received);
    };
  }

  private Event evaluation(RawEvent draft, Sender sender, Instant received) {
    var id = id(draft);
    refuse("an evaluation", draft.count, "count");
    refuseTrack("an evaluation", draft);
    return new Event.Evaluation(
        sender.environment(),
        id,
        at(draft, id, received),
        received,
        sender.source(),
        flag(draft, sender),
        name(required(draft.variant, "variant"), "variant"),
        optionalName(draft.ruleId, "ruleId"),
        optionalName(draft.reason, "reason"),
        EvaluationContext.USER,
        contextKey(draft, sender),
        draft.context.attributes(sender.hidden()));
  }

  private Event track(RawEvent draft, Sender sender, Instant received) {
    var id = id(draft);
    refuse("a track event", draft.count, "count");
    refuse("a track event", draft.flag, "flag");
    refuse("a track event", draft.variant, "variant");
    refuse("a track event", draft.ruleId, "ruleId");
    refuse("a track event", draft.reason, "reason");
    var properties = draft.properties == null ? RawProperties.Properties.NONE : draft.properties;
    return new Event.Track(
        sender.environment(),
        id,
        at(draft, id, received),
        received,
        sender.source(),
        tracked(draft, properties.names(), sender),
        draft.value,
        properties.json(),
        EvaluationContext.USER,
        contextKey(draft, sender),
        draft.context.attributes(sender.hidden()));
  }

  private static String tracked(RawEvent draft, List<String> properties, Sender sender) {
    var event = required(draft.event, "event");
    if (!JsonFields.isPrintable(event)) {
      throw new Rejection(RejectionCode.BAD_EVENT, "event must be 1 to 100 printable characters");
    }
    sender.tracks().check(event, draft.value, draft.rounded, properties);
    return event;
  }

  private static void refuseTrack(String what, RawEvent draft) {
    refuse(what, draft.event, "event");
    refuse(what, draft.value, "value");
    refuse(what, draft.properties, "properties");
  }

  private static void refuse(String what, @Nullable Object value, String field) {
    if (value != null) {
      throw new Rejection(RejectionCode.MALFORMED, what + " has no field '" + field + "'");
    }
  }

  /// Empty for nobody, and for somebody who is private.
  private static String contextKey(RawEvent draft, Sender sender) {
    var key = draft.context.key(sender.hidden());
    if (key == null) {
      return "";
    }
    if (key.length() > EvaluationContext.MAX_KEY_BYTES / MOST_BYTES
        && (key.length() > EvaluationContext.MAX_KEY_BYTES
            || key.getBytes(UTF_8).length > EvaluationContext.MAX_KEY_BYTES)) {
      throw new Rejection(
          RejectionCode.TOO_LARGE,
          "context.targetingKey may have at most " + EvaluationContext.MAX_KEY_BYTES + " bytes");
    }
    return key;
  }

  private Event count(RawEvent draft, Sender sender, Instant received) {
    if (sender.isPublic()) {
      throw new Rejection(RejectionCode.NOT_ALLOWED, "a client key may not send counts");
    }
    var id = id(draft);
    refuseTrack("a count", draft);
    var count = required(draft.count, "count");
    if (count < 1 || count > settings.countMost()) {
      throw new Rejection(
          RejectionCode.BAD_COUNT, "count must be between 1 and " + settings.countMost());
    }
    return new Event.Count(
        sender.environment(),
        id,
        at(draft, id, received),
        received,
        sender.source(),
        flag(draft, sender),
        name(required(draft.variant, "variant"), "variant"),
        count);
  }

  private static UUID id(RawEvent draft) {
    var text = draft.id;
    if (text == null) {
      throw new Rejection(RejectionCode.MISSING_ID, "every event needs an id, a UUID");
    }
    var id = IdsAndTimes.uuid(text);
    if (id == null) {
      throw new Rejection(RejectionCode.BAD_ID, "id must be a UUID");
    }
    if (id.equals(NIL)) {
      throw new Rejection(
          RejectionCode.BAD_ID,
          "id must not be the nil UUID, which many events would share; give each event one of its own");
    }
    return id;
  }

  private Instant at(RawEvent draft, UUID id, Instant received) {
    var at = draft.at == null ? timeOf(id) : parsed(draft.at);
    if (at.isBefore(received.minus(settings.past()))
        || at.isAfter(received.plus(settings.future()))) {
      throw new Rejection(
          RejectionCode.AT_OUT_OF_RANGE,
          "at must lie between "
              + shown(settings.past())
              + " before and "
              + shown(settings.future())
              + " after the server's time");
    }
    return at;
  }

  private static Instant timeOf(UUID id) {
    if (id.version() != 7) {
      throw new Rejection(
          RejectionCode.MISSING_AT, "an event needs at, or an id that is a version 7 UUID");
    }
    return Instant.ofEpochMilli(id.getMostSignificantBits() >>> 16);
  }

  private static Instant parsed(String at) {
    try {
      return IdsAndTimes.time(at);
    } catch (DateTimeParseException _) {
      throw new Rejection(RejectionCode.BAD_AT, "at must be a time as in 2026-01-31T12:00:00.000Z");
    }
  }

  private static String flag(RawEvent draft, Sender sender) {
    var flag = required(draft.flag, "flag");
    if (!JsonFields.isKey(flag)) {
      throw new Rejection(RejectionCode.BAD_FLAG, "flag must be a flag's key");
    }
    if (!sender.maySee().test(flag)) {
      throw new Rejection(RejectionCode.NOT_VISIBLE, "there is no such flag for a client key");
    }
    return flag;
  }

  private static <T> T required(@Nullable T value, String name) {
    if (value == null) {
      throw new Rejection(RejectionCode.MISSING_FIELD, name + " is required");
    }
    return value;
  }

  private static @Nullable String optionalName(@Nullable String value, String field) {
    return value == null ? null : name(value, field);
  }

  private static String name(String value, String field) {
    if (value.isBlank() || value.length() > LONGEST_NAME) {
      throw new Rejection(
          RejectionCode.MALFORMED, field + " must have 1 to " + LONGEST_NAME + " characters");
    }
    return value;
  }

  private static String shown(Duration duration) {
    return duration.toString();
  }

  /// Where, and not what: the parser's own words may repeat the body.
  private static String place(JacksonException e) {
    var at = e.getLocation();
    return at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
  }
}
