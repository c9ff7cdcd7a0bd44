package dev.stitchd.warehouse.rollup;

import dev.stitchd.warehouse.Interval;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Collectors;

/// The part of a question that rollups may answer: whole hours from `from` until `until`. The rest
/// of the question is counted from events.
///
/// @param asked the first moment of the question
/// @param askedUntil the first moment that is not asked about any more
record ClosedHours(Instant asked, Instant askedUntil, Instant from, Instant until) {

  private static final Duration HOUR = Duration.ofHours(1);

  /// The whole hours of a question; none if rollups cannot tell its intervals apart.
  static ClosedHours of(Instant from, Instant to, Interval interval) {
    var first = from.plus(HOUR).minusNanos(1).truncatedTo(ChronoUnit.HOURS);
    var last = to.truncatedTo(ChronoUnit.HOURS);
    return first.isBefore(last) && interval.isRolledUp(from, to)
        ? new ClosedHours(from, to, first, last)
        : new ClosedHours(from, to, from, from).none();
  }

  /// Nothing: all is counted from events.
  ClosedHours none() {
    var never = asked.truncatedTo(ChronoUnit.HOURS);
    return new ClosedHours(asked, askedUntil, never, never);
  }

  /// The hour of the first moment, in seconds since 1970.
  long firstHour() {
    return asked.truncatedTo(ChronoUnit.HOURS).getEpochSecond();
  }

  /// The hour after that of the last moment, in seconds since 1970.
  long afterLastHour() {
    return askedUntil.plus(HOUR).minusNanos(1).truncatedTo(ChronoUnit.HOURS).getEpochSecond();
  }

  /// Hours as one parameter of a query; never empty, since no event was in 1970.
  static String text(List<Long> hours) {
    return hours.isEmpty()
        ? "0"
        : hours.stream().map(String::valueOf).collect(Collectors.joining(","));
  }
}
