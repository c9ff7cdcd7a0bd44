package dev.stitchd.warehouse;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.warehouse.query.AnalyticalQueries;
import dev.stitchd.warehouse.query.ResultColumns;
import java.time.Instant;
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
        AND at >= fromUnixTimestamp64Milli(:begin) AND at < fromUnixTimestamp64Milli(:end)
      GROUP BY GROUPING SETS ((variant), ())
      ORDER BY overall, served
      LIMIT :rows
      """;

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
  public Mono<Answer> of(EnvironmentId environment, String flag, Instant from, Instant to) {
    var parameters =
        Map.<String, Object>of(
            "environment", environment.toString(),
            "flag", flag,
            "begin", from.toEpochMilli(),
            "end", to.toEpochMilli(),
            "rows", queries.rows() + 1L);
    return queries
        .ask(SQL, parameters, Exposures::group)
        .map(groups -> queries.withinLimit(groups, "flag", "ask for a shorter time"))
        .map(Exposures::answer);
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
