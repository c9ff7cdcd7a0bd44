package dev.stitchd.warehouse.export;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// Cuts the time of an export so that ClickHouse has few events to remember at once while it
/// deduplicates. It is the time of ids that is cut: what all rows of an event share.
final class ExportSlices {

  private static final Duration HOUR = Duration.ofHours(1);

  /// Of one hour: each is a statement that reads the ids of all of it.
  private static final int MOST_PIECES = 120;

  /// How many rows one hour has.
  record Hour(Instant start, long rows) {}

  /// From a time on, before another.
  record Slice(Instant from, Instant to) {}

  private ExportSlices() {}

  /// Slices that cover all hours with rows, in order; at least one, which may have no rows, since
  /// an empty export also has a form.
  ///
  /// @param hours in order, those with rows
  /// @param most rows of a slice, if the time of its events allows
  static List<Slice> of(Instant from, Instant to, List<Hour> hours, long most) {
    var slices = new ArrayList<Slice>();
    var start = from;
    long held = 0;
    for (var hour : hours) {
      if (held + hour.rows() > most && held > 0) {
        slices.add(new Slice(start, hour.start()));
        start = hour.start();
        held = 0;
      }
      if (hour.rows() > most) {
        start = cut(start, to, hour, most, slices);
      } else {
        held += hour.rows();
      }
    }
    if (start.isBefore(to) || slices.isEmpty()) {
      slices.add(new Slice(start, to));
    }
    return slices;
  }

  /// Cuts a large hour into equal times; answers where it ends.
  private static Instant cut(Instant start, Instant to, Hour hour, long most, List<Slice> slices) {
    long pieces = Math.min((hour.rows() + most - 1) / most, MOST_PIECES);
    var piece = Duration.ofMillis(HOUR.toMillis() / pieces + 1);
    var end = earlier(hour.start().plus(HOUR), to);
    for (var at = start; at.isBefore(end); ) {
      var next = earlier(later(at, hour.start()).plus(piece), end);
      slices.add(new Slice(at, next));
      at = next;
    }
    return end;
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }
}
