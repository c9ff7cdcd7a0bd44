package dev.stitchd.warehouse.rollup;

import dev.stitchd.warehouse.query.FirstReceived;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The hours, those of ids, that events answer for in a question; rollups answer for the others.
///
/// @param condition on a column of hours
/// @param near as of [FirstReceived#amongHours]
/// @param parameters what the condition speaks of
/// @param rolled whether rollups answer for the others
/// @param any whether there are any
record EventHours(
    UnaryOperator<String> condition,
    @Nullable String near,
    Map<String, Object> parameters,
    boolean rolled,
    boolean any) {

  /// How many seconds the hour of an id may be away from the time of its event.
  static final long REACH = FirstReceived.OWN_TIME.plus(Duration.ofHours(1)).toSeconds();

  /// The same for another row of an id without a time of its own.
  private static final long NEAR = FirstReceived.OTHER_IDS.plus(Duration.ofHours(1)).toSeconds();

  /// Those that are behind.
  static EventHours of(RolledHours.Behind behind) {
    var hours = behind.hours();
    return new EventHours(
        RolledHours::listed,
        behind.others()
            ? between("id_hour", hours.getFirst() - NEAR, hours.getLast() + NEAR)
            : null,
        Map.of("hours", ClosedHours.text(hours)),
        true,
        !hours.isEmpty());
  }

  /// Whatever a question may be about.
  static EventHours all(ClosedHours asked) {
    long first = asked.firstHour() - REACH;
    long last = asked.afterLastHour() + REACH;
    return new EventHours(
        column -> between(column, first, last),
        between("id_hour", first - NEAR, last + NEAR),
        Map.of(),
        false,
        true);
  }

  private static String between(String column, long first, long last) {
    return "%1$s >= toDateTime(%2$d, 'UTC') AND %1$s <= toDateTime(%3$d, 'UTC')"
        .formatted(column, first, last);
  }

  /// What parts of a statement about a question speak of: `begin` and `end` of what is asked about
  /// where events are read; `closedFrom`, `closedUntil` and `reach` where rollups are.
  void into(Map<String, Object> parameters, ClosedHours closed) {
    parameters.putAll(this.parameters);
    if (any) {
      parameters.put("begin", closed.asked().toEpochMilli());
      parameters.put("end", closed.askedUntil().toEpochMilli());
    }
    if (rolled) {
      parameters.put("closedFrom", closed.from().getEpochSecond());
      parameters.put("closedUntil", closed.until().getEpochSecond());
      parameters.put("reach", REACH);
    }
  }
}
