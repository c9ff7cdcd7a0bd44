package dev.stitchd.warehouse.removal;

import dev.stitchd.delivery.EventKind;
import dev.stitchd.delivery.EventSink;
import dev.stitchd.kernel.Json;
import dev.stitchd.warehouse.EventRemoval;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.ClickHouseStatement;
import dev.stitchd.warehouse.clickhouse.QueryLimits;
import dev.stitchd.warehouse.rollup.FlagHour;
import dev.stitchd.warehouse.rollup.Rollups;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Removes rows by mutations, which rewrite the parts that have any, one mutation of a table at a
/// time: before one begins, and after it, this waits until the table has none that is not done,
/// whoever began it. Nothing is remembered: what is left is counted in the tables, so it can be cut
/// off anywhere and begun again on another node.
///
/// Rollups know who was met. Of a context whose events go, the hours in which they lie lose their
/// rollups, and those are made again from what stays before the removal is done: nothing else looks
/// that far back, and events expire. An hour of which events expired cannot be made again: its
/// rollup keeps its counts and loses what stands for the context.
public final class ClickHouseEventRemoval implements EventRemoval {

  private static final String ROLLUPS = "evaluation_rollups";

  /// Every table that has rows of an environment; rollups last, since they are of the others.
  static final List<String> TABLES =
      Stream.concat(
              Arrays.stream(EventKind.values()).map(EventKind::table),
              Stream.of("rejected_events", ROLLUPS))
          .toList();

  private static final String UNFINISHED =
      """
      SELECT countIf(NOT is_done), anyIf(latest_fail_reason, NOT is_done AND latest_fail_reason != '')
      FROM %s WHERE database = '%s' AND table = '%s' FORMAT TSV
      """;

  private static final String AT_WORK =
      """
      SELECT arrayStringConcat(groupArray(told), '; ') FROM
      (
          SELECT format('{} of {} for {} s, {} parts left', mutation_id, table, toString(dateDiff('second', create_time, now())), toString(parts_to_do))
                 || if(latest_fail_reason = '', '', ', fails with ' || if(extract(latest_fail_reason, 'Code: [0-9]+') = '', 'no code', extract(latest_fail_reason, 'Code: [0-9]+'))) AS told
          FROM %s WHERE database = '%s' AND NOT is_done ORDER BY create_time, table LIMIT 10
      )
      FORMAT TSVRaw
      """;

  /// Of one table, one after the other, before those of which rows still come are left for later.
  private static final int MUTATIONS = 5;

  /// In bytes; a thousand removals with the longest keys take a few megabytes.
  private static final String LONGEST_STATEMENT = "67108864";

  private static final String MOST_ELEMENTS = "1000000";

  private static final Pattern CODE = Pattern.compile("Code: \\d+");

  private static final String EVERYWHERE = "true";

  /// Hours that can be made again: of those that hold such events, the ones that have all theirs.
  private static final String MADE_AGAIN =
      """
      SELECT toString(made.environment_id) AS environment, made.name AS flag, toInt64(toUnixTimestamp(made.hour)) AS began
      FROM
      (
          SELECT environment_id, toString(flag) AS name, hour, max(rows) AS counted FROM evaluation_rollups
          WHERE kind = 'evaluation' AND environment_id IN (%1$s) GROUP BY environment_id, name, hour
      ) AS made
      INNER JOIN
      (
          SELECT environment_id, toString(flag) AS name, id_hour AS hour, count() AS present FROM evaluation_events
          WHERE environment_id IN (%1$s) GROUP BY environment_id, name, hour
      ) AS events
      ON made.environment_id = events.environment_id AND made.name = events.name AND made.hour = events.hour
      WHERE made.counted <= events.present AND (made.environment_id, made.name, made.hour) IN
      (
          SELECT environment_id, toString(flag), id_hour FROM evaluation_events WHERE %2$s
      )
      """;

  /// Rollups that know a context.
  private static final String KNOWING =
      "kind = 'evaluation' AND environment_id IN (%1$s) AND arrayExists(who -> has([%2$s], (environment_id, who)), arrayFlatten(units))";

  /// Hours that know a context and have no events of it any more.
  private static final String ALONE_KNOWING =
      """
      SELECT DISTINCT toString(environment_id) AS environment, toString(flag) AS flag, toInt64(toUnixTimestamp(hour)) AS began
      FROM evaluation_rollups
      WHERE %1$s AND (environment_id, toString(flag), hour) NOT IN
      (
          SELECT environment_id, toString(flag), id_hour FROM evaluation_events WHERE %2$s
      )
      """;

  private static final String PAGE =
      """
      SELECT environment, flag, began FROM
      (
      %s
      )
      WHERE %s
      ORDER BY environment, flag, began
      LIMIT %d
      FORMAT JSONEachRow
      """;

  private static final String COLUMNS =
      "environment_id, flag, hour, kind, rows, variants, counts, hours, units_known, exposed, exposed_hours, exposures, sketches";

  private static final String WITHOUT =
      """
      INSERT INTO evaluation_rollups (%1$s, computed_again, units)
      SELECT %1$s, computed_again + 1, arrayMap(some -> arrayFilter(who -> NOT has([%2$s], (environment_id, who)), some), units)
      FROM evaluation_rollups
      WHERE %3$s
      """;

  private final ClickHouseClient clickHouse;
  private final Rollups rollups;
  private final QueryLimits limits;
  private final Duration poll;
  private final int mostHours;
  private final Scheduler timer;

  /// @param longest how long ClickHouse may take for a statement; zero for as long as it likes
  /// @param poll how often it is asked how far a mutation is
  /// @param mostHours how many hours of flags one mutation of rollups may name
  public ClickHouseEventRemoval(
      ClickHouseClient clickHouse,
      Rollups rollups,
      Duration longest,
      Duration poll,
      int mostHours,
      Scheduler timer) {
    this.clickHouse = clickHouse;
    this.rollups = rollups;
    this.limits = QueryLimits.NONE.time(longest);
    this.poll = poll;
    this.mostHours = mostHours;
    this.timer = timer;
  }

  @Override
  public int tables() {
    return TABLES.size();
  }

  @Override
  public Mono<String> atWork() {
    var tables = clickHouse.tables();
    return ask(AT_WORK.formatted(tables.everywhere("system.mutations"), tables.database()))
        .map(String::strip)
        .filter(told -> !told.isEmpty());
  }

  @Override
  public Flux<List<Removed>> remove(List<Removal> removals) {
    var doomed = new Doomed(removals);
    var contexts = doomed.contexts();
    var before = contexts == null ? Mono.<Void>empty() : madeAgain(contexts);
    var after = contexts == null ? Mono.<Long>empty() : rollups.since(Instant.EPOCH);
    return before
        .thenMany(
            Flux.fromIterable(TABLES)
                .concatMap(table ->
                    contexts != null && table.equals(ROLLUPS)
                        ? forgotten(contexts).then(Mono.defer(() -> removed(table, doomed)))
                        : removed(table, doomed)))
        .concatWith(after.then(Mono.empty()));
  }

  private Mono<Void> madeAgain(Doomed contexts) {
    var hours =
        MADE_AGAIN.formatted(contexts.environments(), contexts.anyOf(EventKind.EVALUATION.table()));
    return named(
        hours, EVERYWHERE, some -> mutated(ROLLUPS, "kind = 'evaluation' AND " + among(some)));
  }

  /// The truer row is written before the other goes: an hour without one would be empty.
  private Mono<Void> forgotten(Doomed contexts) {
    var knowing = KNOWING.formatted(contexts.environments(), contexts.units());
    var hours =
        ALONE_KNOWING.formatted(knowing, contexts.everReceived(EventKind.EVALUATION.table()));
    return named(
        hours,
        EVERYWHERE,
        some -> {
          var rows = knowing + " AND " + among(some);
          return run(WITHOUT.formatted(COLUMNS, contexts.units(), rows))
              .then(Mono.defer(() -> mutated(ROLLUPS, rows)));
        });
  }

  /// Asks which hours it is about and does something with them, some at a time. A mutation that
  /// looked for them itself would do so once for each part, and on a cluster in the midst of
  /// rewriting it ask all other shards.
  ///
  /// @param hours asks for them
  /// @param place where to go on
  private Mono<Void> named(String hours, String place, Function<List<FlagHour>, Mono<Void>> step) {
    return ask(PAGE.formatted(hours, place, mostHours))
        .map(answer -> answer.lines().map(Json::parseOwn).map(FlagHour::of).toList())
        .filter(page -> !page.isEmpty())
        .flatMap(page ->
            step.apply(page)
                .then(
                    page.size() < mostHours
                        ? Mono.empty()
                        : Mono.defer(() -> named(hours, after(page.getLast()), step))));
  }

  private static String after(FlagHour last) {
    return "(environment, flag, began) > ('%s', %s, %d)"
        .formatted(last.environment(), Doomed.text(last.flag()), last.began());
  }

  private static String among(List<FlagHour> hours) {
    return "(environment_id, toString(flag), hour) IN ("
        + hours.stream().map(FlagHour::literal).collect(Collectors.joining(", "))
        + ")";
  }

  private Mono<List<Removed>> removed(String table, Doomed doomed) {
    return idle(table).then(Mono.defer(() -> removed(table, doomed, MUTATIONS)));
  }

  /// Rows may come in while others go. Emits how many there were in all.
  private Mono<List<Removed>> removed(String table, Doomed doomed, int most) {
    return found(table, doomed)
        .flatMap(found ->
            none(found) || most == 0
                ? Mono.just(found.stream().map(rows -> new Removed(0, rows > 0)).toList())
                : mutated(table, doomed.anyOf(table))
                    .then(Mono.defer(() -> removed(table, doomed, most - 1)))
                    .map(after -> sum(found, after)));
  }

  private static List<Removed> sum(List<Long> found, List<Removed> after) {
    return IntStream.range(0, found.size())
        .mapToObj(i -> new Removed(found.get(i) + after.get(i).rows(), after.get(i).left()))
        .toList();
  }

  private Mono<List<Long>> found(String table, Doomed doomed) {
    return ask(doomed.count(table))
        .map(answer -> Arrays.stream(answer.strip().split("\t")).map(Long::parseLong).toList());
  }

  private static boolean none(List<Long> found) {
    return found.stream().allMatch(rows -> rows == 0);
  }

  /// On each shard, whose replicas tell each other.
  private Mono<Void> mutated(String table, String rows) {
    var mutation =
        "ALTER TABLE %s DELETE WHERE %s".formatted(clickHouse.tables().stored(table), rows);
    return idle(table)
        .thenMany(clickHouse.shards())
        .concatMap(one -> one.run(statement(mutation)).onErrorMap(ClickHouseEventRemoval::byCode))
        .then(Mono.defer(() -> idle(table)));
  }

  /// Completes when no mutation of a table is at work.
  private Mono<Void> idle(String table) {
    var tables = clickHouse.tables();
    return ask(UNFINISHED.formatted(
            tables.everywhere("system.mutations"), tables.database(), tables.stored(table)))
        .map(answer -> answer.strip().split("\t", 2))
        .flatMap(answer ->
            answer.length > 1 && !answer[1].isEmpty()
                ? Mono.error(failing(table, answer[1]))
                : Mono.just(answer[0].equals("0")))
        .repeatWhen(asked -> asked.delayElements(poll, timer))
        .takeUntil(done -> done)
        .then();
  }

  /// A reason names what the mutation looks for, which is nobody's business.
  private static EventSink.Failure failing(String table, String reason) {
    var code = CODE.matcher(reason);
    return new EventSink.Unavailable(
        "a mutation of %s fails (%s; see latest_fail_reason in system.mutations)"
            .formatted(table, code.find() ? code.group() : "without a code"));
  }

  private Mono<String> ask(String sql) {
    return clickHouse.ask(statement(sql)).onErrorMap(ClickHouseEventRemoval::byCode);
  }

  private Mono<Void> run(String sql) {
    return clickHouse.run(statement(sql)).onErrorMap(ClickHouseEventRemoval::byCode);
  }

  /// What ClickHouse says quotes the statement, which names people.
  static Throwable byCode(Throwable failure) {
    var code = CODE.matcher(String.valueOf(failure.getMessage()));
    return code.find()
        ? new EventSink.Unavailable(
            "ClickHouse answered %s (see exception in system.query_log)".formatted(code.group()))
        : failure;
  }

  /// Sent as a body, since it may be long, and does not stand in addresses; ended by ClickHouse
  /// where this side gives it up, so that one tried again does not run beside it.
  private ClickHouseStatement statement(String sql) {
    return ClickHouseStatement.sent(sql)
        .within(limits)
        .with(
            Map.of(
                "prefer_column_name_to_alias", "1",
                "mutations_sync", "0",
                "max_query_size", LONGEST_STATEMENT,
                "max_ast_elements", MOST_ELEMENTS,
                "max_expanded_ast_elements", MOST_ELEMENTS,
                "insert_allow_materialized_columns", "1",
                "insert_deduplicate", "0"));
  }
}
