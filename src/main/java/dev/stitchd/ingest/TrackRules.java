package dev.stitchd.ingest;

import dev.stitchd.catalog.event.DefinedEvents.Definition;
import dev.stitchd.delivery.Event;
import dev.stitchd.ingest.definitions.Definitions;
import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which `track` events an environment takes. Immutable.
///
/// @param definitions null if they are not known here and the store cannot be asked
/// @param registers whether events that are not defined become defined
record TrackRules(@Nullable Definitions definitions, boolean registers) {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);
  private static final double MAX_INTEGER = 0x1p53 - 1;

  /// Ends the reading of an event that the environment does not take.
  ///
  /// @param rounded whether `value` is not quite the number that was sent
  /// @param properties the names of the outermost properties
  /// @throws Problem.Unavailable if nobody can tell now
  void check(String event, @Nullable Double value, boolean rounded, List<String> properties) {
    var definition = known().find(event);
    if (definition != null) {
      checkValue(definition, value, rounded);
      checkProperties(definition, properties);
    } else if (!registers) {
      throw new Rejection(
          RejectionCode.UNKNOWN_EVENT,
          "this environment does not define the event '" + event + "'");
    } else if (known().isFull()) {
      throw new Rejection(
          RejectionCode.UNKNOWN_EVENT,
          "this environment defines as many events as it may, and '" + event + "' is none of them");
    }
  }

  /// The events among these that are to be defined.
  Set<String> unregistered(List<Event> events) {
    var keys = new LinkedHashSet<String>();
    for (var event : events) {
      if (registers && event instanceof Event.Track track && known().find(track.event()) == null) {
        keys.add(track.event());
      }
    }
    return keys;
  }

  private Definitions known() {
    var known = definitions;
    if (known == null) {
      throw new Problem.Unavailable(
          "the environment's event definitions cannot be read; send the same events again",
          RETRY_AFTER);
    }
    return known;
  }

  private static void checkValue(Definition definition, @Nullable Double value, boolean rounded) {
    var wrong =
        switch (definition.value()) {
          case OPTIONAL -> null;
          case NONE -> value == null ? null : "takes no value";
          case NUMBER -> value == null ? "needs a value" : null;
          case INTEGER ->
              isExact(value) && !rounded ? null : "needs a whole number of at most 2^53 - 1";
        };
    if (wrong != null) {
      throw new Rejection(RejectionCode.BAD_VALUE, "the event '" + definition.key() + "' " + wrong);
    }
  }

  /// Whether a value is whole and is what was sent: a double beyond may have been another number.
  private static boolean isExact(@Nullable Double value) {
    return value != null && value == Math.rint(value) && Math.abs(value) <= MAX_INTEGER;
  }

  private static void checkProperties(Definition definition, List<String> properties) {
    var allowed = definition.allowedProperties();
    for (var name : properties) {
      if (allowed != null && !allowed.contains(name)) {
        throw new Rejection(
            RejectionCode.PROPERTY_NOT_ALLOWED,
            "the event '"
                + definition.key()
                + "' has no property '"
                + (name.length() > 100 ? name.substring(0, 100) + "…" : name)
                + "'");
      }
    }
  }
}
