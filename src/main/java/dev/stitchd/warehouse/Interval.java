package dev.stitchd.warehouse;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Into what a question divides time. Without a zone, intervals begin at multiples of `length`
/// since 1970 in UTC. With one, days are that zone's: whole days begin when the zone's date changes
/// (at multiples of so many days since 1970), whatever is shorter begins with each day and again
/// after each `length`, so that a day of 23 or 25 hours has one interval less or more.
///
/// @param length at least a second; with a zone, whole days or what divides a day of 24 hours
/// @param zone null for UTC
public record Interval(Duration length, @Nullable ZoneId zone) {

  private static final long DAY = Duration.ofDays(1).toSeconds();
  private static final long HOUR = Duration.ofHours(1).toSeconds();

  /// Rollups know at which quarter of an hour something was.
  private static final long QUARTER = Duration.ofMinutes(15).toSeconds();

  /// The zones that Java and ClickHouse both know by name: offsets and abbreviations have no rules.
  private static final Set<String> ZONES =
      ZoneId.getAvailableZoneIds().stream()
          .filter(name -> name.contains("/") && !name.startsWith("SystemV/"))
          .collect(Collectors.toUnmodifiableSet());

  /// Intervals of UTC.
  public static Interval of(Duration length) {
    return new Interval(length, null);
  }

  /// The zone of a name as `Europe/Berlin`; null if there is none, or if it is UTC itself.
  ///
  /// @throws IllegalArgumentException if nothing is known by that name
  public static @Nullable ZoneId zone(@Nullable String name) {
    if (name == null || name.equals("UTC")) {
      return null;
    }
    if (!ZONES.contains(name)) {
      throw new IllegalArgumentException(name);
    }
    return ZoneId.of(name);
  }

  /// Whether the intervals fit the days of their zone.
  public boolean fitsDays() {
    long seconds = length.toSeconds();
    return zone == null
        || length.getNano() == 0 && seconds > 0 && (seconds % DAY == 0 || DAY % seconds == 0);
  }

  /// Whether rollups know enough of the events of some time: they say in which quarter of an hour
  /// of UTC something was, which tells the intervals apart if these are made of whole hours and the
  /// zone is away from UTC by whole quarters.
  public boolean isRolledUp(Instant from, Instant to) {
    if (length.toSeconds() % HOUR != 0) {
      return false;
    }
    return isAway(from, to, QUARTER);
  }

  /// Whether intervals of whole hours begin within hours of UTC.
  public boolean cutsHours(Instant from, Instant to) {
    return !isAway(from, to, HOUR);
  }

  /// Whether the zone is away from UTC by whole units, all the time.
  private boolean isAway(Instant from, Instant to, long unit) {
    if (zone == null) {
      return true;
    }
    var rules = zone.getRules();
    var whole = rules.getOffset(from).getTotalSeconds() % unit == 0;
    var next = rules.nextTransition(from);
    while (whole && next != null && next.getInstant().isBefore(to)) {
      whole = next.getOffsetAfter().getTotalSeconds() % unit == 0;
      next = rules.nextTransition(next.getInstant());
    }
    return whole;
  }

  /// The start of a time's interval in milliseconds since 1970, as SQL.
  ///
  /// @param time an expression of type `DateTime` or `DateTime64`
  /// @param milliseconds the same in milliseconds since 1970
  public String start(String time, String milliseconds) {
    long length = this.length.toMillis();
    if (zone == null) {
      return "intDiv(%1$s, %2$d) * %2$d".formatted(milliseconds, length);
    }
    if (this.length.toSeconds() % DAY == 0) {
      return "toInt64(toUnixTimestamp(toDateTime(toDate(toUInt16(intDiv(toUInt16(toDate(%s, '%s')), %d) * %3$d)), '%2$s'))) * 1000"
          .formatted(time, zone.getId(), this.length.toDays());
    }
    var day =
        "toInt64(toUnixTimestamp(toStartOfDay(%s, '%s'))) * 1000".formatted(time, zone.getId());
    return "%1$s + intDiv(%2$s - %1$s, %3$d) * %3$d".formatted(day, milliseconds, length);
  }
}
