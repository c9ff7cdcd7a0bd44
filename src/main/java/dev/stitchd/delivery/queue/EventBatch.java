package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventKind;
import dev.stitchd.delivery.EventSink;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Supplier;

/// Queued events that are stored together or not at all: one kind, one month of `at`. Immutable.
///
/// @param token the batch's name
/// @param events in the order in which they are written, every time
record EventBatch(String token, EventKind kind, List<QueuedEvent> events) {

  EventBatch {
    events = List.copyOf(events);
  }

  /// One partition of one table.
  ///
  /// @param begin of the month
  /// @param end of the month, the first moment that is not its own
  private record Partition(EventKind kind, Instant begin, Instant end) {
    static Partition of(Event event) {
      var month = YearMonth.from(event.at().atOffset(ZoneOffset.UTC).toLocalDate());
      return new Partition(event.kind(), begin(month), begin(month.plusMonths(1)));
    }

    private static Instant begin(YearMonth month) {
      return month.atDay(1).atStartOfDay().toInstant(ZoneOffset.UTC);
    }

    boolean holds(Event event) {
      return event.kind() == kind && !event.at().isBefore(begin) && event.at().isBefore(end);
    }
  }

  /// Sorts what was collected into batches of one kind and one month, each within the bytes of one
  /// insert. Keeps the order inside each.
  static List<EventBatch> pack(
      List<QueuedEvent> collected, long maxBytes, Supplier<String> tokens) {
    var partitions = new LinkedHashMap<Partition, List<QueuedEvent>>();
    Partition partition = null;
    List<QueuedEvent> same = List.of();
    for (var one : collected) {
      // the calendar is asked for runs, not for events
      if (partition == null || !partition.holds(one.event())) {
        partition = Partition.of(one.event());
        same = partitions.computeIfAbsent(partition, _ -> new ArrayList<>());
      }
      same.add(one);
    }
    var batches = new ArrayList<EventBatch>();
    partitions.forEach((which, events) -> {
      for (var part : within(maxBytes, events)) {
        batches.add(new EventBatch(tokens.get(), which.kind(), part));
      }
    });
    return batches;
  }

  private static List<List<QueuedEvent>> within(long maxBytes, List<QueuedEvent> events) {
    var parts = new ArrayList<List<QueuedEvent>>();
    int from = 0;
    long weight = 0;
    for (int i = 0; i < events.size(); i++) {
      weight += events.get(i).weight();
      if (weight > maxBytes && i > from) {
        parts.add(events.subList(from, i));
        from = i;
        weight = events.get(i).weight();
      }
    }
    parts.add(events.subList(from, events.size()));
    return parts;
  }

  EncodedBatch encoded(EventSink sink) {
    return sink.encode(token, kind, events.stream().map(QueuedEvent::event).toList());
  }
}
