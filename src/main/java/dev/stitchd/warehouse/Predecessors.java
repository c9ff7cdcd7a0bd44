package dev.stitchd.warehouse;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Flags whose keys belonged to others that were deleted, each with the time of that. What was
/// received before it is the other's and is left out, whatever time its events tell. Immutable.
///
/// @param deleted by key; keys have no commas
public record Predecessors(Map<String, Instant> deleted) {

  public static final Predecessors NONE = new Predecessors(Map.of());

  /// Longer than an event's own time may be away from the time it was received, with what an hour
  /// of its id may add.
  private static final Duration FAR = Duration.ofDays(17);

  public Predecessors {
    deleted = Map.copyOf(deleted);
  }

  /// Those that a question from this time on can meet.
  public Predecessors since(Instant from) {
    return deleted.values().stream().allMatch(time -> matters(time, from))
        ? this
        : new Predecessors(
            deleted.entrySet().stream()
                .filter(one -> matters(one.getValue(), from))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
  }

  private static boolean matters(Instant deleted, Instant from) {
    return deleted.plus(FAR).isAfter(from);
  }

  /// The one of a flag, if it has one.
  public Predecessors of(String flag) {
    var time = deleted.get(flag);
    return time == null ? NONE : new Predecessors(Map.of(flag, time));
  }

  public boolean isEmpty() {
    return deleted.isEmpty();
  }

  /// The condition that a row's flag has a predecessor; needs [#flags].
  public String have() {
    return "flag IN (SELECT arrayJoin(splitByChar(',', :deletedFlags)))";
  }

  /// The condition that a row was not received before its flag's predecessor was deleted; needs
  /// [#parameters].
  public String afterwards() {
    return "toUnixTimestamp64Milli(received_at) >= transform(toString(flag), splitByChar(',', :deletedFlags),"
        + " arrayMap(time -> toInt64(time), splitByChar(',', :deletedAt)), toInt64(0))";
  }

  /// What [#have] speaks of; nothing if there are none.
  public Map<String, Object> flags() {
    return isEmpty() ? Map.of() : Map.of("deletedFlags", text(Map.Entry::getKey));
  }

  /// What both conditions speak of; nothing if there are none.
  public Map<String, Object> parameters() {
    return isEmpty()
        ? Map.of()
        : Map.of(
            "deletedFlags",
            text(Map.Entry::getKey),
            "deletedAt",
            text(one -> Long.toString(one.getValue().toEpochMilli())));
  }

  private String text(Function<Map.Entry<String, Instant>, String> value) {
    return deleted.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(value)
        .collect(Collectors.joining(","));
  }
}
