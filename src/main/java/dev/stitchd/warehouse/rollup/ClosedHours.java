package dev.stitchd.warehouse.rollup;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Collectors;

/// The part of a question that rollups answer: whole hours from `from` until `until`, except those
/// that are behind. The rest of the question is counted from events.
///
/// @param behind hours as seconds since 1970
record ClosedHours(Instant from, Instant until, List<Long> behind) {

  private static final Duration HOUR = Duration.ofHours(1);

  /// The whole hours of a question; none if its intervals are not made of whole hours.
  static ClosedHours of(Instant from, Instant to, Duration interval) {
    var first = from.plus(HOUR).minusNanos(1).truncatedTo(ChronoUnit.HOURS);
    var last = to.truncatedTo(ChronoUnit.HOURS);
    return interval.toSeconds() % HOUR.toSeconds() == 0 && first.isBefore(last)
        ? new ClosedHours(first, last, List.of())
        : none(from);
  }

  /// Nothing: all is counted from events.
  static ClosedHours none(Instant from) {
    return new ClosedHours(from, from, List.of());
  }

  boolean isEmpty() {
    return !from.isBefore(until);
  }

  ClosedHours except(List<Long> hours) {
    return new ClosedHours(from, until, hours);
  }

  /// As one parameter of a query; never empty, since no event was in 1970.
  String behindText() {
    return behind.isEmpty()
        ? "0"
        : behind.stream().map(String::valueOf).collect(Collectors.joining(","));
  }
}
