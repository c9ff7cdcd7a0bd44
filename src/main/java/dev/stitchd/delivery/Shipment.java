package dev.stitchd.delivery;

import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Supplier;

/// A batch together with those who wait for its rows. Immutable.
record Shipment(String token, EventKind kind, YearMonth partition, List<Held> held) {

  /// @param begin of the month
  /// @param end of the month, the first moment that is not its own
  private record Slot(EventKind kind, YearMonth partition, Instant begin, Instant end) {
    static Slot of(Event event) {
      var month = YearMonth.from(event.at().atOffset(ZoneOffset.UTC).toLocalDate());
      return new Slot(EventKind.of(event), month, begin(month), begin(month.plusMonths(1)));
    }

    private static Instant begin(YearMonth month) {
      return month.atDay(1).atStartOfDay().toInstant(ZoneOffset.UTC);
    }

    boolean holds(Event event) {
      return EventKind.of(event) == kind && !event.at().isBefore(begin) && event.at().isBefore(end);
    }
  }

  /// Sorts what was collected into shipments of one kind and one month, each within the bytes of
  /// one insert. Keeps the order inside each.
  static List<Shipment> pack(List<Held> collected, long maxBytes, Supplier<String> tokens) {
    var slots = new LinkedHashMap<Slot, List<Held>>();
    Slot slot = null;
    List<Held> same = List.of();
    for (var held : collected) {
      if (slot == null || !slot.holds(held.event())) { // the calendar is asked for runs, not events
        slot = Slot.of(held.event());
        same = slots.computeIfAbsent(slot, _ -> new ArrayList<>());
      }
      same.add(held);
    }
    var shipments = new ArrayList<Shipment>();
    slots.forEach((which, held) -> {
      for (var part : within(maxBytes, held)) {
        shipments.add(new Shipment(tokens.get(), which.kind(), which.partition(), part));
      }
    });
    return shipments;
  }

  private static List<List<Held>> within(long maxBytes, List<Held> held) {
    var parts = new ArrayList<List<Held>>();
    int from = 0;
    long weight = 0;
    for (int i = 0; i < held.size(); i++) {
      weight += held.get(i).weight();
      if (weight > maxBytes && i > from) {
        parts.add(List.copyOf(held.subList(from, i)));
        from = i;
        weight = held.get(i).weight();
      }
    }
    parts.add(List.copyOf(held.subList(from, held.size())));
    return parts;
  }

  Batch batch() {
    return new Batch(token, kind, partition, held.stream().map(Held::event).toList());
  }

  boolean single() {
    return held.size() == 1;
  }

  /// Both halves, each under a name that only this split gives it.
  List<Shipment> halves() {
    int middle = held.size() / 2;
    return List.of(
        new Shipment(token + ".0", kind, partition, held.subList(0, middle)),
        new Shipment(token + ".1", kind, partition, held.subList(middle, held.size())));
  }

  long weight() {
    return held.stream().mapToLong(Held::weight).sum();
  }
}
