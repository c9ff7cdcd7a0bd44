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
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// Which contexts were seen and what they told, as samples to choose from, and what one of them was
/// given. Samples are found among the newest events, ever more of them until that teaches nothing
/// new, `stitchd.warehouse.sampled-rows` at most: older ones are left out. Every publisher emits
/// one value on the scheduler `warehouse` and fails with [dev.stitchd.kernel.Problem.Unavailable]
/// while ClickHouse is out or too slow.
public final class SeenContexts {

  /// Context types, or attributes, of one answer.
  private static final int MOST_ITEMS = 200;

  /// How many of the newest events are looked at first, about.
  private static final long FIRST_LOOK = 20_000;

  /// How many times as many are looked at next.
  private static final int WIDER = 10;

  private static final String SEEN =
      """
      FROM
      (
          SELECT context_type, context_key, attributes, at FROM evaluation_events WHERE %1$s
          UNION ALL
          SELECT context_type, context_key, attributes, at FROM track_events WHERE %1$s
      )
      """;
  private static final String IN_RANGE =
      "environment_id = toUUID(:environment) AND at >= fromUnixTimestamp64Milli(:begin) AND at < fromUnixTimestamp64Milli(:end)";
  private static final String OF_TYPE = " AND context_type = :kind";

  private static final String CONTEXTS =
      """
      SELECT toString(context_type) AS kind, toUnixTimestamp64Milli(max(at)) AS latest,
             toJSONString(arraySort(groupUniqArray(%1$d)(context_key))) AS samples
      %2$s
      WHERE context_key != '' AND startsWith(context_key, :prefix)
      GROUP BY kind
      ORDER BY kind
      LIMIT :items
      """;

  private static final String ATTRIBUTES =
      """
      SELECT toString(attribute) AS name, toUnixTimestamp64Milli(max(at)) AS latest,
             toJSONString(arraySort(groupUniqArray(%1$d)(value))) AS samples
      %2$s
      ARRAY JOIN mapKeys(attributes) AS attribute, mapValues(attributes) AS value
      WHERE %3$s
      GROUP BY name
      ORDER BY name
      LIMIT :items
      """;

  /// Newest rows of one context that are looked at, however often an event is repeated among them.
  private static final int MOST_ROWS = 100_000;

  private static final String OF_CONTEXT =
      """
      environment_id = toUUID(:environment) AND context_type = :kind AND context_key = :key
        AND at >= fromUnixTimestamp64Milli(:begin) AND at < fromUnixTimestamp64Milli(:end) %s\
      """;

  /// Newest events of one context, more than are told of, since some may be repeats of others'.
  private static final String CANDIDATES =
      """
      SELECT flag, id, groupUniqArray(id_hour) AS hours, min(at) AS earliest, max(at) AS latest
      FROM (SELECT flag, id, id_hour, at FROM evaluation_events WHERE %s ORDER BY at DESC LIMIT :rows)
      GROUP BY flag, id
      ORDER BY latest DESC, id
      LIMIT :candidates\
      """;

  private static final FirstReceived FIRST =
      FirstReceived.of(EventKind.EVALUATION, "variant", "context_type", "context_key");

  private static final String EVALUATIONS =
      """
      SELECT toString(id) AS event, toUnixTimestamp64Milli(at) AS moment, toString(flag) AS name,
             toString(variant) AS served, toString(rule_id) AS rule, toString(reason) AS why, toString(source) AS maker
      FROM evaluation_events
      WHERE %1$s AND (flag, id) IN %2$s
        AND %3$s
      ORDER BY at DESC, id
      LIMIT 1 BY flag, id, id_hour
      LIMIT :most
      """;

  /// Where to look.
  ///
  /// @param contextType one type only; null for all
  /// @param from the first moment that counts
  /// @param to the first moment that does not count any more
  /// @param samples how many of each, at most
  public record Place(
      EnvironmentId environment,
      @Nullable String contextType,
      Instant from,
      Instant to,
      int samples) {}

  /// A context type with keys, or an attribute with values; both in order.
  public record Seen(String name, Instant lastSeenAt, List<String> samples) {}

  /// One evaluation; rule and reason are empty where there was none.
  public record Evaluation(
      String id,
      Instant at,
      String flag,
      String variant,
      String ruleId,
      String reason,
      String source) {}

  private final AnalyticalQueries queries;
  private final long sampledRows;

  SeenContexts(AnalyticalQueries queries, long sampledRows) {
    this.queries = queries;
    this.sampledRows = sampledRows;
  }

  /// Types of contexts, with keys that begin with a prefix.
  public Mono<List<Seen>> types(Place place, String prefix) {
    return newestFirst(place, prefix, CONTEXTS.formatted(place.samples(), seen(place)), Map.of());
  }

  /// Attributes whose names begin with a prefix, with values.
  public Mono<List<Seen>> attributes(Place place, String prefix) {
    return attributes(place, prefix, "startsWith(attribute, :prefix)", Map.of());
  }

  /// One attribute, with values that begin with a prefix; nothing if none does.
  public Mono<List<Seen>> values(Place place, String attribute, String prefix) {
    return attributes(
        place,
        prefix,
        "attribute = :attribute AND startsWith(value, :prefix)",
        Map.of("attribute", attribute));
  }

  /// The newest evaluations of one context, newest first.
  ///
  /// @param place with a context type
  /// @param predecessors what is left out
  public Mono<List<Evaluation>> evaluations(Place place, String key, Predecessors predecessors) {
    var met = predecessors.since(place.from());
    var parameters = parameters(place);
    parameters.remove("items");
    parameters.putAll(met.parameters());
    parameters.put("key", key);
    parameters.put("most", place.samples());
    parameters.put("rows", MOST_ROWS);
    parameters.put("candidates", 2 * place.samples() + MOST_ITEMS);
    var sql = ofContext(met.isEmpty() ? "" : "AND " + met.afterwards());
    return queries.ask(sql, Map.copyOf(parameters), SeenContexts::evaluation);
  }

  /// The same where no flag has a predecessor.
  public Mono<List<Evaluation>> evaluations(Place place, String key) {
    return evaluations(place, key, Predecessors.NONE);
  }

  private static String ofContext(String cut) {
    var rows = OF_CONTEXT.formatted(cut);
    var some = "(SELECT %s FROM (" + CANDIDATES.formatted(rows) + "))";
    var environment = "environment_id = toUUID(:environment) AND flag IN " + some.formatted("flag");
    var events = some.formatted("flag, id");
    return EVALUATIONS.formatted(
        rows,
        events,
        FIRST.among(
            "%s AND (flag, id) IN %s AND (id_timed AND id_hour IN %s OR NOT id_timed AND at >= %s AND at <= %s)"
                .formatted(
                    environment,
                    events,
                    some.formatted("arrayJoin(hours)"),
                    some.formatted("min(earliest) - INTERVAL 1 DAY"),
                    some.formatted("max(latest) + INTERVAL 1 DAY"))));
  }

  private Mono<List<Seen>> attributes(
      Place place, String prefix, String condition, Map<String, String> more) {
    var sql = ATTRIBUTES.formatted(place.samples(), seen(place), condition);
    return newestFirst(place, prefix, sql, more);
  }

  private Mono<List<Seen>> newestFirst(
      Place place, String prefix, String sql, Map<String, String> more) {
    var parameters = parameters(place);
    parameters.putAll(more);
    parameters.put("prefix", prefix);
    return NewestEvents.of(queries, place)
        .flatMap(newest -> look(newest, new Look(place, sql, parameters), FIRST_LOOK, List.of()));
  }

  /// What is looked for.
  private record Look(Place place, String sql, Map<String, Object> parameters) {

    Map<String, Object> since(Instant begin) {
      var all = new HashMap<>(parameters);
      all.put("begin", begin.toEpochMilli());
      return Map.copyOf(all);
    }

    /// Whether more events would be looked at in vain.
    ///
    /// @param before what a part of the events told
    boolean isAnswered(List<Seen> found, List<Seen> before) {
      var open = "".equals(parameters.get("prefix"));
      return !found.isEmpty()
          && names(found).equals(names(before))
          && found.stream()
              .allMatch(
                  one -> one.samples().size() >= place.samples() || open && before.contains(one));
    }

    private static List<String> names(List<Seen> seen) {
      return seen.stream().map(Seen::name).toList();
    }
  }

  /// Half of what may be read at most, since whole granules are read, of every flag.
  private Mono<List<Seen>> look(NewestEvents newest, Look look, long rows, List<Seen> before) {
    var begin = newest.since(Math.min(rows, sampledRows / 2));
    var last = rows >= sampledRows / 2 || begin.equals(look.place().from());
    return queries
        .sample(look.sql(), sampledRows, look.since(begin), SeenContexts::seen)
        .flatMap(found ->
            last || look.isAnswered(found, before)
                ? Mono.just(found)
                : look(newest, look, WIDER * rows, found));
  }

  private static String seen(Place place) {
    return SEEN.formatted(place.contextType() == null ? IN_RANGE : IN_RANGE + OF_TYPE);
  }

  private static Map<String, Object> parameters(Place place) {
    var parameters = new HashMap<String, Object>();
    parameters.put("environment", place.environment().toString());
    parameters.put("begin", place.from().toEpochMilli());
    parameters.put("end", place.to().toEpochMilli());
    parameters.put("items", MOST_ITEMS);
    if (place.contextType() != null) {
      parameters.put("kind", place.contextType());
    }
    return parameters;
  }

  private static Seen seen(io.r2dbc.spi.Row row) {
    return new Seen(
        ResultColumns.text(row, 0), ResultColumns.time(row, 1), ResultColumns.texts(row, 2));
  }

  private static Evaluation evaluation(io.r2dbc.spi.Row row) {
    return new Evaluation(
        ResultColumns.text(row, 0),
        ResultColumns.time(row, 1),
        ResultColumns.text(row, 2),
        ResultColumns.text(row, 3),
        ResultColumns.text(row, 4),
        ResultColumns.text(row, 5),
        ResultColumns.text(row, 6));
  }
}
