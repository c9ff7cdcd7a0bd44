package dev.stitchd.delivery;

import dev.stitchd.kernel.EnvironmentId;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Something that happened, on its way to the event store. Identity is (environment, kind, key,
/// id). What is said of each kind stands in [EventKind], which also says how to add one.
public sealed interface Event {

  EnvironmentId environment();

  UUID id();

  /// When it happened, by the clock of whoever saw it.
  Instant at();

  /// When it reached this server.
  Instant receivedAt();

  Source source();

  EventKind kind();

  /// The key of the flag, or of what was done.
  String key();

  /// How many characters of text it holds on the heap, with what its attributes need besides.
  int textLength();

  /// Who made the event.
  enum Source {
    SERVER_SDK,
    CLIENT_SDK,
    /// This server, by evaluating remotely.
    STITCHD
  }

  /// One context was given one variant of a flag.
  ///
  /// @param contextKey empty for nobody
  /// @param attributes what else the context told, by dotted path, nothing of it private; in order
  record Evaluation(
      EnvironmentId environment,
      UUID id,
      Instant at,
      Instant receivedAt,
      Source source,
      String flag,
      String variant,
      @Nullable String ruleId,
      @Nullable String reason,
      String contextType,
      String contextKey,
      Map<String, String> attributes)
      implements Event {

    @Override
    public EventKind kind() {
      return EventKind.EVALUATION;
    }

    @Override
    public String key() {
      return flag;
    }

    @Override
    public int textLength() {
      return flag.length()
          + variant.length()
          + length(ruleId)
          + length(reason)
          + contextType.length()
          + contextKey.length()
          + length(attributes);
    }
  }

  /// Somebody did something that an experiment may measure.
  ///
  /// @param event the key of what was done
  /// @param value how much; null if that makes no sense here
  /// @param properties an object as compact JSON
  /// @param contextKey empty for nobody
  /// @param attributes as of an [Evaluation]
  record Track(
      EnvironmentId environment,
      UUID id,
      Instant at,
      Instant receivedAt,
      Source source,
      String event,
      @Nullable Double value,
      String properties,
      String contextType,
      String contextKey,
      Map<String, String> attributes)
      implements Event {

    @Override
    public EventKind kind() {
      return EventKind.TRACK;
    }

    @Override
    public String key() {
      return event;
    }

    @Override
    public int textLength() {
      return event.length()
          + properties.length()
          + contextType.length()
          + contextKey.length()
          + length(attributes);
    }
  }

  /// A flag's variant was given so many times, to nobody in particular; never an exposure.
  record Count(
      EnvironmentId environment,
      UUID id,
      Instant at,
      Instant receivedAt,
      Source source,
      String flag,
      String variant,
      long count)
      implements Event {

    @Override
    public EventKind kind() {
      return EventKind.COUNT;
    }

    @Override
    public String key() {
      return flag;
    }

    @Override
    public int textLength() {
      return flag.length() + variant.length();
    }
  }

  private static int length(@Nullable String text) {
    return text == null ? 0 : text.length();
  }

  /// With what the map itself needs for each entry: as characters of text, half the bytes of an
  /// entry and the headers of its two strings.
  private static int length(Map<String, String> attributes) {
    int length = 0;
    for (var attribute : attributes.entrySet()) {
      length += 80 + attribute.getKey().length() + attribute.getValue().length();
    }
    return length;
  }
}
