package dev.stitchd.warehouse.rollup;

import dev.stitchd.delivery.EventKind;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.warehouse.query.AnalyticalQueries;
import dev.stitchd.warehouse.query.FirstReceived;
import dev.stitchd.warehouse.query.ResultColumns;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;

/// Which hours the rollups do not answer for: still open, not rolled up yet, or reopened by an
/// event that came late. It is told by comparing how many events an hour has with how many its
/// rollup was computed from, so the moment an event is stored its hour is known to be behind. An
/// hour, here as in the rollups, has the events whose ids lie in it (`id_hour`), whatever their
/// times.
public final class RolledHours {

  /// `%2$s` what parts keep, `%3$s` how many events a rollup answers for, of which rollups.
  private static final String NOT_ROLLED_UP =
      """
      SELECT toInt64(toUnixTimestamp(hour)) AS start, toInt64(max(untimed)) AS others
      FROM
      (
          SELECT source, name, hour, max(other) AS untimed
          FROM
          (
              %2$s
              UNION ALL
              SELECT toString(kind) AS source, toString(flag) AS name, hour, toUInt64(0) AS present, %3$s AS rolled, 0 AS other, 0 AS asked, 0 AS open
              FROM evaluation_rollups
              WHERE environment_id = toUUID(:environment) %1$s
                AND hour >= toDateTime(:since - :reach, 'UTC') AND hour < toDateTime(:until + :reach, 'UTC')
          )
          GROUP BY source, name, hour
          HAVING max(asked) = 1 AND (max(open) = 1 OR sum(present) > max(rolled))
      )
      GROUP BY hour
      ORDER BY start
      LIMIT :most
      """;

  /// Answered by what the parts keep beside their events. What is behind matters a day around the
  /// question as well, where ids have no time of their own.
  private static final String PRESENT =
      """
      SELECT '%3$s' AS source, name, hour, sum(n) AS present, toUInt64(0) AS rolled, toUInt8(max(NOT timed)) AS other,
             toUInt8(max(at_hour >= toDateTime(:since - if(timed, 0, :near), 'UTC') AND at_hour < toDateTime(:until + if(timed, 0, :near), 'UTC'))) AS asked,
             toUInt8(max(at_hour >= toDateTime(:since, 'UTC') AND at_hour < toDateTime(:until, 'UTC')
                 AND (at_hour < toDateTime(:closedFrom, 'UTC') OR at_hour >= toDateTime(:closedUntil, 'UTC')))) AS open
      FROM
      (
          SELECT toString(flag) AS name, id_hour AS hour, toStartOfHour(at) AS at_hour, id_timed AS timed, count() AS n
          FROM %2$s
          WHERE environment_id = toUUID(:environment) %1$s
            AND id_hour >= toDateTime(:since - :reach, 'UTC') AND id_hour < toDateTime(:until + :reach, 'UTC')
          GROUP BY name, id_hour, toStartOfHour(at), id_timed
      )
      GROUP BY name, hour\
      """;

  private static final String SHARING =
      """
      SELECT DISTINCT start
      FROM
      (
          %s
      )
      ORDER BY start
      LIMIT :most
      """;

  private static final String SHARES =
      """
      SELECT toInt64(toUnixTimestamp(id_hour)) AS start FROM %3$s
      WHERE environment_id = toUUID(:environment) %1$s AND NOT id_timed
        AND id_hour >= toDateTime(:first - :near, 'UTC') AND id_hour <= toDateTime(:last + :near, 'UTC') AND NOT (%2$s)
        AND (flag, id) IN (SELECT flag, id FROM %3$s WHERE environment_id = toUUID(:environment) %1$s AND NOT id_timed AND %2$s)\
      """;

  /// How many seconds away another row of an id without a time of its own may be that decides.
  private static final long NEAR = FirstReceived.OTHER_IDS.plus(Duration.ofHours(1)).toSeconds();

  private record Found(long hour, boolean others) {}

  /// What rollups are asked for.
  enum Needed {
    /// How often each variant was given, counted evaluations included.
    COUNTS("rows", EventKind.EVALUATION, EventKind.COUNT),
    /// The same by quarters of hours, which rollups of earlier versions do not know; what these
    /// know of events that are gone is better than nothing.
    QUARTERS("toUInt64(rows - if(units_known, 0, 1))", EventKind.EVALUATION, EventKind.COUNT),
    /// Who was given it, which older rollups do not know.
    UNITS("if(units_known, rows, toUInt64(0))", EventKind.EVALUATION);

    private final String rolled;
    private final List<EventKind> kinds;

    Needed(String rolled, EventKind... kinds) {
      this.rolled = rolled;
      this.kinds = List.of(kinds);
    }

    private String each(Function<EventKind, String> part) {
      return kinds.stream().map(part).collect(Collectors.joining(" UNION ALL "));
    }
  }

  /// What has to be counted from events.
  ///
  /// @param hours in order, each as seconds since 1970
  /// @param others whether there are ids in them without a time of their own
  record Behind(List<Long> hours, boolean others) {}

  private final AnalyticalQueries queries;

  public RolledHours(AnalyticalQueries queries) {
    this.queries = queries;
  }

  /// The condition that a row's `id_hour` is one of the parameter `hours`.
  static String listed(String column) {
    return column + " IN (SELECT toDateTime(toUInt32(arrayJoin(splitByChar(',', :hours))), 'UTC'))";
  }

  /// The hours that have to be counted from events. Emits once; fails as [AnalyticalQueries] do.
  ///
  /// @param closed what is asked about, and which part of it rollups may answer
  /// @param most how many to tell of
  Mono<Behind> behind(
      Needed needed, EnvironmentId environment, AskedFlags flags, ClosedHours closed, int most) {
    var parameters = parameters(environment, flags, most);
    parameters.put("since", closed.firstHour());
    parameters.put("until", closed.afterLastHour());
    parameters.put("reach", FirstReceived.OWN_TIME.plus(Duration.ofHours(1)).toSeconds());
    parameters.put("near", NEAR);
    parameters.put("closedFrom", closed.from().getEpochSecond());
    parameters.put("closedUntil", closed.until().getEpochSecond());
    var only = flags.condition();
    return queries
        .ask(
            NOT_ROLLED_UP.formatted(only, needed.each(kind -> present(kind, only)), needed.rolled),
            Map.copyOf(parameters),
            row -> new Found(ResultColumns.number(row, 0), ResultColumns.number(row, 1) > 0))
        .flatMap(found -> withThoseThatShare(needed, environment, flags, found, most));
  }

  /// An id without a time of its own may have rows in several hours. One that came late changes
  /// which of them is the first, so a rolled hour that has another counts from events as well.
  private Mono<Behind> withThoseThatShare(
      Needed needed, EnvironmentId environment, AskedFlags flags, List<Found> found, int most) {
    var hours = found.stream().map(Found::hour).toList();
    var others = found.stream().anyMatch(Found::others);
    if (hours.size() >= most || !others) {
      return Mono.just(new Behind(hours, others));
    }
    var parameters = parameters(environment, flags, most);
    parameters.put("hours", ClosedHours.text(hours));
    parameters.put("first", hours.getFirst());
    parameters.put("last", hours.getLast());
    parameters.put("near", NEAR);
    var only = flags.condition();
    return queries
        .ask(
            SHARING.formatted(
                needed.each(kind -> SHARES.formatted(only, listed("id_hour"), kind.table()))),
            Map.copyOf(parameters),
            row -> ResultColumns.number(row, 0))
        .map(sharing -> {
          var all = new ArrayList<>(hours);
          all.addAll(sharing);
          all.sort(null);
          return new Behind(all, true);
        });
  }

  private static String present(EventKind kind, String only) {
    return PRESENT.formatted(only, kind.table(), kind.wireName());
  }

  private static Map<String, Object> parameters(
      EnvironmentId environment, AskedFlags flags, int most) {
    var parameters = new HashMap<>(flags.parameters());
    parameters.put("environment", environment.toString());
    parameters.put("most", most);
    return parameters;
  }
}
