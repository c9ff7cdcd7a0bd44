package dev.stitchd.warehouse;

import dev.stitchd.delivery.EventKind;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.warehouse.query.AnalyticalQueries;
import dev.stitchd.warehouse.query.FirstReceived;
import dev.stitchd.warehouse.query.ResultColumns;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Mono;

/// How many users saw which variant. Exact, and of evaluations only: counted ones name nobody.
public final class Exposures {

  private static final String SQL =
      """
      SELECT grouping(variant) AS overall, toString(variant) AS served,
             toInt64(uniqExact((context_type, context_key))) AS users, toInt64(uniqExact(id)) AS evaluations
      FROM evaluation_events
      WHERE environment_id = toUUID(:environment) AND flag = :flag AND context_key != ''
        AND at >= fromUnixTimestamp64Milli(:begin) AND at < fromUnixTimestamp64Milli(:end) %1$s
        AND %2$s
      GROUP BY GROUPING SETS ((variant), ())
      ORDER BY overall, served
      LIMIT :rows
      """;

  private static final FirstReceived FIRST =
      FirstReceived.of(EventKind.EVALUATION, "variant", "context_type", "context_key");

  private static final String SCOPE = "environment_id = toUUID(:environment) AND flag = :flag";

  /// The hours of ids of all that happened in the time asked about, from what the parts keep beside
  /// their events.
  private static final String ASKED =
      """
      id_hour IN
      (
          SELECT id_hour FROM evaluation_events
          WHERE environment_id = toUUID(:environment) AND flag = :flag
            AND toStartOfHour(at) >= toStartOfHour(fromUnixTimestamp64Milli(:begin, 'UTC')) AND toStartOfHour(at) <= toStartOfHour(fromUnixTimestamp64Milli(:end, 'UTC'))
          GROUP BY id_hour, toStartOfHour(at)
      )\
      """;

  private static final String NEAR =
      "at >= fromUnixTimestamp64Milli(:begin) - INTERVAL 26 HOUR AND at <= fromUnixTimestamp64Milli(:end) + INTERVAL 26 HOUR";

  private final AnalyticalQueries queries;

  Exposures(AnalyticalQueries queries) {
    this.queries = queries;
  }

  /// What happened to a flag's users.
  ///
  /// @param users different contexts; one that saw several variants is one
  /// @param evaluations different evaluations by these
  /// @param variants in order of their names
  public record Answer(long users, long evaluations, List<Variant> variants) {}

  /// Who saw one variant; one context may have seen several.
  public record Variant(String variant, long users, long evaluations) {}

  private record Group(boolean overall, Variant variant) {}

  /// Emits one answer on the scheduler `warehouse`; fails with
  /// [dev.stitchd.kernel.Problem.Unavailable] while ClickHouse is out or too slow.
  ///
  /// @param from the first moment that counts
  /// @param to the first moment that does not count any more
  /// @param predecessors what is left out
  public Mono<Answer> of(
      EnvironmentId environment, String flag, Instant from, Instant to, Predecessors predecessors) {
    var met = predecessors.of(flag).since(from);
    var parameters = new HashMap<String, Object>(met.parameters());
    parameters.put("environment", environment.toString());
    parameters.put("flag", flag);
    parameters.put("begin", from.toEpochMilli());
    parameters.put("end", to.toEpochMilli());
    parameters.put("rows", queries.rows() + 1L);
    return queries
        .ask(
            SQL.formatted(
                met.isEmpty() ? "" : "AND " + met.afterwards(),
                FIRST.amongHours(SCOPE, ASKED, NEAR)),
            Map.copyOf(parameters),
            Exposures::group)
        .map(groups -> queries.withinLimit(groups, "flag", "ask for a shorter time"))
        .map(Exposures::answer);
  }

  /// The same where the flag has no predecessor.
  public Mono<Answer> of(EnvironmentId environment, String flag, Instant from, Instant to) {
    return of(environment, flag, from, to, Predecessors.NONE);
  }

  private static Group group(io.r2dbc.spi.Row row) {
    return new Group(
        ResultColumns.number(row, 0) == 1,
        new Variant(
            ResultColumns.text(row, 1),
            ResultColumns.number(row, 2),
            ResultColumns.number(row, 3)));
  }

  private static Answer answer(List<Group> groups) {
    var all =
        groups.stream()
            .filter(Group::overall)
            .map(Group::variant)
            .findFirst()
            .orElse(new Variant("", 0, 0));
    var variants = groups.stream().filter(g -> !g.overall()).map(Group::variant).toList();
    return new Answer(all.users(), all.evaluations(), variants);
  }
}
