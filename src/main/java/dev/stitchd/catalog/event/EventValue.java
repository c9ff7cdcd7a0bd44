package dev.stitchd.catalog.event;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// What an event's `value` must be.
public enum EventValue {
  /// The event has no value; it is only counted.
  NONE,
  /// A number or nothing.
  OPTIONAL,
  /// A number, always.
  NUMBER,
  /// A whole number, always.
  INTEGER;

  /// All names on the wire.
  static final Set<String> WIRE =
      Arrays.stream(values()).map(EventValue::wire).collect(Collectors.toUnmodifiableSet());

  /// As it is written on the wire and in the store.
  String wire() {
    return name().toLowerCase(Locale.ROOT);
  }

  static EventValue of(String wire) {
    return valueOf(wire.toUpperCase(Locale.ROOT));
  }
}
