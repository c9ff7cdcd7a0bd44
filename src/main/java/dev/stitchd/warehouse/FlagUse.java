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
import java.util.stream.Collectors;
import java.util.stream.Stream;
import reactor.core.publisher.Mono;

/// When flags were last evaluated, and what they gave of late; evaluations and counts alike, since
/// either way somebody asked.
public final class FlagUse {

  /// Told of one flag, at most.
  private static final int MOST_VARIANTS = 10;

  /// The inner queries are answered by the hours that each part keeps beside its events, but for
  /// flags that have a predecessor.
  private static final String SQL =
      """
      SELECT toString(flag) AS name, toUnixTimestamp64Milli(max(latest)) AS last,
             toJSONString(arraySort(groupUniqArrayIf(%1$d)(toString(variant), latest >= fromUnixTimestamp64Milli(:begin)))) AS given
      FROM
      (
          %2$s
      )
      GROUP BY flag
      ORDER BY last DESC, name
      LIMIT :rows
      """;

  private static final String LATEST =
      """
      SELECT flag, variant, toStartOfHour(at) AS hour, max(at) AS latest
      FROM %1$s
      WHERE environment_id = toUUID(:environment) %2$s
      GROUP BY flag, variant, toStartOfHour(at)\
      """;

  private final AnalyticalQueries queries;

  FlagUse(AnalyticalQueries queries) {
    this.queries = queries;
  }

  /// One flag's use.
  ///
  /// @param lastEvaluatedAt of all that is kept
  /// @param variants given since the time asked about, in order; at most ten
  public record Use(String flag, Instant lastEvaluatedAt, List<String> variants) {}

  /// The use of every flag that was ever evaluated, by its key. Emits one map on the scheduler
  /// `warehouse`; fails with [dev.stitchd.kernel.Problem.Unavailable] while ClickHouse is out or
  /// too slow, with [dev.stitchd.kernel.Problem.Invalid] if there are more than an answer may have
  /// rows.
  ///
  /// @param predecessors what is left out
  public Mono<Map<String, Use>> since(
      EnvironmentId environment, Instant since, Predecessors predecessors) {
    var parameters = new HashMap<String, Object>(predecessors.parameters());
    parameters.put("environment", environment.toString());
    parameters.put("begin", since.toEpochMilli());
    parameters.put("rows", queries.rows() + 1L);
    return queries
        .ask(
            SQL.formatted(MOST_VARIANTS, latest(predecessors)),
            Map.copyOf(parameters),
            FlagUse::use)
        .map(uses -> queries.withinLimit(uses, "days", "this environment's SDKs make flags up"))
        .map(uses -> uses.stream().collect(Collectors.toMap(Use::flag, use -> use)));
  }

  /// The same where no flag has a predecessor.
  public Mono<Map<String, Use>> since(EnvironmentId environment, Instant since) {
    return since(environment, since, Predecessors.NONE);
  }

  private static String latest(Predecessors predecessors) {
    return Stream.of(EventKind.EVALUATION, EventKind.COUNT)
        .flatMap(kind ->
            conditions(kind, predecessors).map(only -> LATEST.formatted(kind.table(), only)))
        .collect(Collectors.joining(" UNION ALL "));
  }

  private static Stream<String> conditions(EventKind kind, Predecessors predecessors) {
    var have = predecessors.have();
    var first =
        FirstReceived.of(kind, "variant")
            .among("environment_id = toUUID(:environment) AND " + have);
    return predecessors.isEmpty()
        ? Stream.of("")
        : Stream.of(
            "AND NOT " + have,
            "AND " + have + " AND " + predecessors.afterwards() + " AND " + first);
  }

  private static Use use(io.r2dbc.spi.Row row) {
    return new Use(
        ResultColumns.text(row, 0), ResultColumns.time(row, 1), ResultColumns.texts(row, 2));
  }
}
