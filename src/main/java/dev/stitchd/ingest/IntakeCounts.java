package dev.stitchd.ingest;

import dev.stitchd.delivery.Admission;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.RejectionLog;
import dev.stitchd.kernel.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.node.ObjectNode;

/// What became of the events of a request, or of a chunk of one. Immutable.
///
/// @param accepted how many are durable, each event once
/// @param duplicates how many repeated an event of the same request, as far as it is remembered
/// @param rejected the first of those that were not taken
/// @param rejectedCount how many were not taken
record IntakeCounts(
    int accepted, int duplicates, List<ReadEvent.Rejected> rejected, int rejectedCount) {

  static final IntakeCounts NOTHING = new IntakeCounts(0, 0, List.of(), 0);

  IntakeCounts {
    rejected = List.copyOf(rejected);
  }

  /// What may be admitted of some items, each event once.
  record Sorted(List<ReadEvent.Valid> valid, IntakeCounts others) {

    static Sorted of(List<ReadEvent> items, RecentIds ids, int listed) {
      var valid = new ArrayList<ReadEvent.Valid>(items.size());
      var rejected = new ArrayList<ReadEvent.Rejected>();
      int duplicates = 0;
      int rejectedCount = 0;
      for (var item : items) {
        switch (item) {
          case ReadEvent.Valid one when ids.add(one.event()) -> valid.add(one);
          case ReadEvent.Valid _ -> duplicates++;
          case ReadEvent.Rejected one -> {
            rejectedCount++;
            if (rejected.size() < listed) {
              rejected.add(one);
            }
          }
        }
      }
      return new Sorted(valid, new IntakeCounts(0, duplicates, rejected, rejectedCount));
    }

    List<Event> events() {
      return valid.stream().map(ReadEvent.Valid::event).toList();
    }

    /// The counts once the events have been submitted; nothing of them is accepted unless it is
    /// known to be durable.
    IntakeCounts after(Admission admission, int listed) {
      return switch (admission) {
        case Admission.Durable _ -> others.plus(durable(valid.size()), listed);
        case Admission.Partly(Map<UUID, String> dead) -> others.plus(partly(dead), listed);
        case Admission.Refused _, Admission.Unknown _ -> others;
      };
    }

    private static IntakeCounts durable(int count) {
      return new IntakeCounts(count, 0, List.of(), 0);
    }

    /// The store's own words stay in the log.
    private IntakeCounts partly(Map<UUID, String> dead) {
      var refused =
          valid.stream()
              .filter(item -> dead.containsKey(item.id()))
              .map(item ->
                  new ReadEvent.Rejected(
                      item.index(),
                      item.id().toString(),
                      RejectionCode.REFUSED_BY_STORE,
                      "the event store refuses this event"))
              .toList();
      return new IntakeCounts(valid.size() - refused.size(), 0, refused, refused.size());
    }
  }

  IntakeCounts plus(IntakeCounts other, int listed) {
    var both = new ArrayList<>(rejected);
    both.addAll(other.rejected);
    both.sort(Comparator.comparingInt(ReadEvent.Rejected::index));
    return new IntakeCounts(
        accepted + other.accepted,
        duplicates + other.duplicates,
        both.size() <= listed ? both : both.subList(0, listed),
        rejectedCount + other.rejectedCount);
  }

  /// The first of those that were not taken, for people who look.
  List<RejectionLog.Rejected> someRejected(int most) {
    return rejected.stream()
        .limit(most)
        .map(item -> new RejectionLog.Rejected(item.id(), item.code().code(), item.detail()))
        .toList();
  }

  /// Writes itself into an answer.
  ObjectNode into(ObjectNode answer) {
    answer.put("accepted", accepted).put("duplicates", duplicates);
    var list = answer.putArray("rejected");
    for (var item : rejected) {
      var one = list.addObject().put("index", item.index());
      if (item.id() != null) {
        one.put("id", item.id());
      }
      one.put("code", item.code().code()).put("detail", item.detail());
    }
    return answer.put("rejectedCount", rejectedCount);
  }

  byte[] json() {
    return Json.writeBytes(into(Json.object()));
  }
}
