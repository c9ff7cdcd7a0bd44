package dev.stitchd.delivery;

import java.time.YearMonth;
import java.util.List;

/// Events that are stored together or not at all: one kind, one month. Immutable.
///
/// @param token the batch's name; a batch that is written again under the same token is stored once
/// @param partition the month of every event's `at`, in UTC
/// @param rows in the order in which they are written, every time
public record Batch(String token, EventKind kind, YearMonth partition, List<Event> rows) {
  public Batch {
    rows = List.copyOf(rows);
  }
}
