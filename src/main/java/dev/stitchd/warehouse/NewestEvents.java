package dev.stitchd.warehouse;

import dev.stitchd.warehouse.query.AnalyticalQueries;
import dev.stitchd.warehouse.query.ResultColumns;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Mono;

/// How far back the newest events of an environment reach, those with contexts: so many of them,
/// told from what the parts keep beside their events. Within an hour they are taken to be spread
/// evenly. Immutable.
final class NewestEvents {

  private static final Duration HOUR = Duration.ofHours(1);

  /// More than a year has.
  private static final int MOST_HOURS = 10_000;

  private static final String HOURS =
      """
      SELECT toInt64(toUnixTimestamp(hour)) AS start, toInt64(sum(n)) AS present
      FROM
      (
          %s
          UNION ALL
          %s
      )
      GROUP BY hour
      ORDER BY start DESC
      LIMIT :most
      """
          .formatted(hours("evaluation_events"), hours("track_events"));

  /// How many events an hour has.
  record Hour(Instant start, long events) {}

  private final Instant from;
  private final Instant to;
  private final List<Hour> hours;

  /// @param from the first moment asked about
  /// @param to the first moment that is not asked about any more
  /// @param hours with events, the newest first
  NewestEvents(Instant from, Instant to, List<Hour> hours) {
    this.from = from;
    this.to = to;
    this.hours = List.copyOf(hours);
  }

  /// Emits once; fails as [AnalyticalQueries#ask] does.
  static Mono<NewestEvents> of(AnalyticalQueries queries, SeenContexts.Place place) {
    var parameters =
        Map.<String, Object>of(
            "environment",
            place.environment().toString(),
            "since",
            place.from().getEpochSecond() - HOUR.toSeconds(),
            "until",
            place.to().getEpochSecond() + 1,
            "most",
            MOST_HOURS);
    return queries
        .ask(
            HOURS,
            parameters,
            row ->
                new Hour(
                    Instant.ofEpochSecond(ResultColumns.number(row, 0)),
                    ResultColumns.number(row, 1)))
        .map(hours -> new NewestEvents(place.from(), place.to(), hours));
  }

  private static String hours(String table) {
    return """
    SELECT toStartOfHour(at) AS hour, count() AS n FROM %s
    WHERE environment_id = toUUID(:environment)
      AND toStartOfHour(at) > toDateTime(:since, 'UTC') AND toStartOfHour(at) < toDateTime(:until, 'UTC')
    GROUP BY toStartOfHour(at)\
    """
        .formatted(table);
  }

  /// Since when there are about so many; the first moment asked about if there are fewer.
  Instant since(long events) {
    long newer = 0;
    for (var hour : hours) {
      if (newer + hour.events() > events) {
        return latest(from, cut(hour, events - newer));
      }
      newer += hour.events();
    }
    return from;
  }

  private Instant cut(Hour hour, long events) {
    var end = hour.start().plus(HOUR);
    var last = end.isBefore(to) ? end : to;
    double part = (double) events / hour.events();
    return last.minusMillis(
        (long) Math.ceil(part * Duration.between(hour.start(), last).toMillis()));
  }

  private static Instant latest(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }
}
