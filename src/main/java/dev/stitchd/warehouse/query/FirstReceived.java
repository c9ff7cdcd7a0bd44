package dev.stitchd.warehouse.query;

import dev.stitchd.delivery.EventKind;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Which rows are events, as SQL. An event is one by its environment, its flag (or the key of what
/// was done) and its id, and whoever sends it again may say other things of it: another time,
/// variant or unit. The first received row is the event, all that differ from it are repeats. Rows
/// that are equal in what is asked are not told apart: whoever counts, counts different ids.
///
/// An id that has a time of its own (`id_timed`) is one wherever its rows lie, and all of them lie
/// in one `id_hour`. Any other is one within a day of its rows' times.
public final class FirstReceived {

  /// How far apart an id's own time and `at` may be for the former to say where a row lies.
  public static final Duration OWN_TIME = Duration.ofDays(8);

  /// How far apart the times of rows with the same id may be, if it has no time of its own.
  public static final Duration OTHER_IDS = Duration.ofDays(1);

  /// The inner query reads ids alone and finds few, as a rule none; only these are looked at.
  private static final String REPEATS =
      """
      (%1$s, id, %2$s) NOT IN
      (
          SELECT %1$s, id, %3$s
          FROM
          (
              SELECT %1$s, id, id_timed, arraySort(groupUniqArray((%7$s))) AS copies
              FROM (%4$s)
              WHERE (%1$s, id) IN (SELECT %1$s, id FROM (%5$s) GROUP BY %1$s, id HAVING count() > 1)
              GROUP BY %1$s, id, id_timed
          )
          ARRAY JOIN arrayFilter(
              (copy, place) -> arrayExists(
                  earlier -> id_timed OR abs(toUnixTimestamp64Milli(earlier.2) - toUnixTimestamp64Milli(copy.2)) <= %6$d,
                  arraySlice(copies, 1, place - 1)),
              copies, arrayEnumerate(copies)) AS repeat
      )\
      """;

  private final EventKind kind;
  private final String key;
  private final List<String> told;
  private final @Nullable String rest;

  private FirstReceived(EventKind kind, String key, List<String> told, @Nullable String rest) {
    this.kind = kind;
    this.key = key;
    this.told = told;
    this.rest = rest;
  }

  /// In one environment.
  ///
  /// @param told the columns that matter to the question, beside the times
  public static FirstReceived of(EventKind kind, String... told) {
    return new FirstReceived(kind, kind.keyColumn(), List.of(told), null);
  }

  /// In all environments at once.
  public static FirstReceived everywhere(EventKind kind, String... told) {
    return new FirstReceived(kind, "environment_id, " + kind.keyColumn(), List.of(told), null);
  }

  /// For a question about whole rows: of those that are equal in times and in what is told, the
  /// event is one, always the same.
  public FirstReceived whole() {
    return new FirstReceived(kind, key, told, "cityHash64(" + hashed() + ")");
  }

  private String hashed() {
    return kind.columns().stream()
        .map(column ->
            switch (column.type()) {
              case TEXT, INTEGER -> column.name();
              case NULLABLE_NUMBER -> "ifNull(toString(" + column.name() + "), '')";
              case MAP -> "mapKeys(%1$s), mapValues(%1$s)".formatted(column.name());
            })
        .collect(Collectors.joining(", ", "", ", source"));
  }

  /// The condition that a row is no repeat, for a question about the events whose ids lie in some
  /// hours.
  ///
  /// @param scope a condition that holds for all rows that the question is about, by environment
  ///   and key, and for nothing less
  /// @param asked the condition that a row's `id_hour` is asked about
  /// @param near a condition that holds, at least, for all rows whose `id_hour` is within
  ///   [#OTHER_IDS] of an hour that is asked about; null if all ids there have a time of their own
  public String amongHours(String scope, String asked, @Nullable String near) {
    var inside = scope + " AND " + asked;
    return near == null
        ? among(inside)
        : among(
            "%s AND (%s OR NOT id_timed AND %s)".formatted(scope, asked, near),
            inside,
            "%1$s AND NOT id_timed AND %2$s AND NOT (%3$s) AND (%4$s, id) IN (SELECT %4$s, id FROM %5$s WHERE %1$s AND NOT id_timed AND %3$s)"
                .formatted(scope, near, asked, key, kind.table()));
  }

  /// The same for any rows: whatever is a repeat of one of them.
  public String among(String condition) {
    return among(condition, condition);
  }

  /// @param copies holds for all rows of ids that have several
  /// @param ids hold, one or the other, for rows of which some may have the same id
  private String among(String copies, String... ids) {
    var times = "received_at, at" + told.stream().map(c -> ", " + c).collect(Collectors.joining());
    return REPEATS.formatted(
        key,
        rest == null ? times : times + ", " + rest,
        parts(),
        rows(
            key + ", id, id_timed, " + times + (rest == null ? "" : ", " + rest + " AS rest"),
            copies),
        rows(key + ", id", ids),
        OTHER_IDS.toMillis(),
        rest == null ? times : times + ", rest");
  }

  private String parts() {
    return IntStream.rangeClosed(1, told.size() + (rest == null ? 2 : 3))
        .mapToObj(i -> "repeat." + i)
        .collect(Collectors.joining(", "));
  }

  private String rows(String columns, String... conditions) {
    return List.of(conditions).stream()
        .map(condition -> "SELECT " + columns + " FROM " + kind.table() + " WHERE " + condition)
        .collect(Collectors.joining(" UNION ALL "));
  }
}
