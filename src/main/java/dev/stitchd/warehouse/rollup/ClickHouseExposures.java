package dev.stitchd.warehouse.rollup;

import dev.stitchd.delivery.EventKind;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.warehouse.Exposures;
import dev.stitchd.warehouse.Interval;
import dev.stitchd.warehouse.Predecessors;
import dev.stitchd.warehouse.query.AnalyticalQueries;
import dev.stitchd.warehouse.query.FirstReceived;
import dev.stitchd.warehouse.query.ResultColumns;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Mono;

/// Users of closed hours from their rollups, all others from events. First estimated, which costs
/// the same however many they are; few are then counted.
public final class ClickHouseExposures implements Exposures {

  private static final FirstReceived FIRST =
      FirstReceived.of(EventKind.EVALUATION, "variant", "context_type", "context_key");

  private static final Duration HOUR = Duration.ofHours(1);

  /// Who was met comes as states, one for each variant and hour at most, so that adding everybody
  /// up reads nothing again.
  private static final String SQL =
      """
      SELECT toInt64(grouping(variant)) AS overall, toString(variant) AS served,
             toInt64(sum(n)) AS evaluations, toInt64(%1$s(seen)) AS users, toInt64(max(sketched)) AS many
      FROM (%2$s)
      GROUP BY variant WITH ROLLUP
      ORDER BY overall, served
      LIMIT :rows
      """;

  /// `%1$s` are the hours that events answer for, `%2$s` is a state. Who was erased may have been
  /// the only one, of whom no sketch was made.
  private static final String ROLLED =
      """
      SELECT toString(given) AS variant, n, empty(some) AND finalizeAggregation(every) > 0 AS sketched, %2$s AS seen
      FROM
      (
          SELECT hour, exposed, exposed_hours, exposures, units, sketches
          FROM evaluation_rollups
          WHERE environment_id = toUUID(:environment) AND flag = :flag AND kind = 'evaluation' AND units_known
            AND hour >= toDateTime(:closedFrom - :reach, 'UTC') AND hour < toDateTime(:closedUntil + :reach, 'UTC')
            AND NOT (%1$s)
          ORDER BY rows DESC, computed_again DESC
          LIMIT 1 BY hour
      )
      ARRAY JOIN exposed AS given, exposed_hours AS began, exposures AS n, units AS some, sketches AS every
      WHERE began >= toDateTime(:closedFrom, 'UTC') AND began < toDateTime(:closedUntil, 'UTC')\
      """;

  private static final String OF_EVENTS =
      """
      SELECT toString(variant) AS variant, toInt64(uniqExact(id, id_hour)) AS n, 0 AS sketched, %3$s(unit) AS seen
      FROM evaluation_events
      WHERE %1$s
        AND at >= fromUnixTimestamp64Milli(:begin) AND at < fromUnixTimestamp64Milli(:end) AND context_key != ''
        AND %2$s
      GROUP BY variant\
      """;

  private static final String SCOPE = "environment_id = toUUID(:environment) AND flag = :flag";

  /// How users are told apart.
  private enum Count {
    ESTIMATE(
        "uniqCombined64",
        "(17)",
        "if(empty(some), every, arrayReduce('uniqCombined64State(17)', some))"),
    EXACT("uniqExact", "", "arrayReduce('uniqExactState', some)");

    private final String function;
    private final String parameter;
    private final String ofRollup;

    Count(String function, String parameter, String ofRollup) {
      this.function = function;
      this.parameter = parameter;
      this.ofRollup = ofRollup;
    }

    private String function(String combinator) {
      return function + combinator + parameter;
    }
  }

  private record Asked(
      EnvironmentId environment, String flag, ClosedHours closed, Predecessors predecessors) {}

  private record Group(boolean overall, Variant variant, boolean sketched) {}

  private final AnalyticalQueries queries;
  private final RolledHours rolled;
  private final int reopenedHours;
  private final int exactUsers;

  /// @param reopenedHours when more hours are behind, all is counted from events
  /// @param exactUsers so many different users are counted exactly; more are estimated
  public ClickHouseExposures(
      AnalyticalQueries queries, RolledHours rolled, int reopenedHours, int exactUsers) {
    this.queries = queries;
    this.rolled = rolled;
    this.reopenedHours = reopenedHours;
    this.exactUsers = exactUsers;
  }

  @Override
  public Mono<Answer> of(
      EnvironmentId environment, String flag, Instant from, Instant to, Predecessors predecessors) {
    var met = predecessors.of(flag).since(from);
    var asked = new Asked(environment, flag, ClosedHours.of(from, to, Interval.of(HOUR)), met);
    return hours(asked)
        .flatMap(hours ->
            groups(asked, hours, Count.ESTIMATE)
                .flatMap(estimate ->
                    isExact(estimate)
                        ? groups(asked, hours, Count.EXACT).map(exact -> answer(exact, false))
                        : Mono.just(answer(estimate, true))));
  }

  private boolean isExact(List<Group> groups) {
    return groups.stream()
        .filter(Group::overall)
        .allMatch(all -> !all.sketched() && all.variant().users() <= exactUsers);
  }

  private Mono<EventHours> hours(Asked asked) {
    return asked.predecessors().isEmpty()
        ? rolled
            .behind(
                RolledHours.Needed.UNITS,
                asked.environment(),
                AskedFlags.of(asked.flag()),
                asked.closed(),
                reopenedHours + 1)
            .map(behind ->
                behind.hours().size() > reopenedHours
                    ? EventHours.all(asked.closed())
                    : EventHours.of(behind))
        : Mono.just(EventHours.all(asked.closed()));
  }

  private Mono<List<Group>> groups(Asked asked, EventHours hours, Count count) {
    var parameters = new HashMap<String, Object>(asked.predecessors().parameters());
    hours.into(parameters, asked.closed());
    parameters.put("environment", asked.environment().toString());
    parameters.put("flag", asked.flag());
    parameters.put("rows", queries.rows() + 1L);
    return queries
        .ask(sql(asked, hours, count), Map.copyOf(parameters), ClickHouseExposures::group)
        .map(groups -> queries.withinLimit(groups, "flag", "ask for a shorter time"));
  }

  private static String sql(Asked asked, EventHours hours, Count count) {
    var parts = new ArrayList<String>();
    if (hours.rolled()) {
      parts.add(ROLLED.formatted(hours.condition().apply("hour"), count.ofRollup));
    }
    if (hours.any()) {
      var among = hours.condition().apply("id_hour");
      var predecessors = asked.predecessors();
      parts.add(
          OF_EVENTS.formatted(
              SCOPE
                  + " AND "
                  + among
                  + (predecessors.isEmpty() ? "" : " AND " + predecessors.afterwards()),
              FIRST.amongHours(SCOPE, among, hours.near()),
              count.function("State")));
    }
    return SQL.formatted(count.function("Merge"), String.join(" UNION ALL ", parts));
  }

  private static Group group(io.r2dbc.spi.Row row) {
    return new Group(
        ResultColumns.number(row, 0) == 1,
        new Variant(
            ResultColumns.text(row, 1), ResultColumns.number(row, 3), ResultColumns.number(row, 2)),
        ResultColumns.number(row, 4) == 1);
  }

  private static Answer answer(List<Group> groups, boolean approximate) {
    var all =
        groups.stream()
            .filter(Group::overall)
            .map(Group::variant)
            .findFirst()
            .orElse(new Variant("", 0, 0));
    var variants = groups.stream().filter(g -> !g.overall()).map(Group::variant).toList();
    return new Answer(all.users(), all.evaluations(), variants, approximate);
  }
}
