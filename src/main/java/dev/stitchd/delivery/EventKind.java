package dev.stitchd.delivery;

import dev.stitchd.delivery.Event.Count;
import dev.stitchd.delivery.Event.Evaluation;
import dev.stitchd.delivery.Event.Track;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The kinds of events, each with all that is said of it anywhere: its name on the wire, its table
/// in the event store, and the columns of that table that only this kind has. Writing rows,
/// exports, the live view and retention follow from this, so no other list of kinds is kept.
///
/// What all kinds share: the columns [EventColumn#SHARED]; a table is partitioned by the month of
/// `at` in UTC, and a batch lies within one partition; the same event may be stored again, with
/// whatever it tells then, and is one event by its key and its id: the first received. A table says
/// where ids lie (`id_timed`, `id_hour`), which follows from its other columns.
///
/// **To add a kind**, touch these, in this order; all but the first do not compile before it is
/// done:
///
/// 1. a migration of the event store that makes the table (`db/migration/clickhouse`), and the
///    schema's number in `RowBinary.SCHEMA`;
/// 2. a record in [Event], which has to say its kind and its size;
/// 3. a constant here; its first column is the key that the table is sorted by;
/// 4. `EventReader`, which reads it from requests: which fields it has, and what they may be.
///
/// Questions about the new kind (rollups, statistics) are new statements in `warehouse`.
public enum EventKind {

  /// One context was given one variant.
  EVALUATION(
      "evaluation",
      "evaluation_events",
      Evaluation.class,
      List.of(
          EventColumn.text("flag", Evaluation::flag),
          EventColumn.text("variant", Evaluation::variant),
          EventColumn.text("rule_id", Evaluation::ruleId),
          EventColumn.text("reason", Evaluation::reason),
          EventColumn.text("context_type", Evaluation::contextType),
          EventColumn.text("context_key", Evaluation::contextKey),
          EventColumn.map("attributes", Evaluation::attributes))),

  /// Somebody did something.
  TRACK(
      "track",
      "track_events",
      Track.class,
      List.of(
          EventColumn.text("event", Track::event),
          EventColumn.nullableNumber("value", Track::value),
          EventColumn.text("properties", Track::properties),
          EventColumn.text("context_type", Track::contextType),
          EventColumn.text("context_key", Track::contextKey),
          EventColumn.map("attributes", Track::attributes))),

  /// A variant was given so many times.
  COUNT(
      "count",
      "flag_counts",
      Count.class,
      List.of(
          EventColumn.text("flag", Count::flag),
          EventColumn.text("variant", Count::variant),
          EventColumn.integer("count", Count::count)));

  private final String wireName;
  private final String table;
  private final List<? extends EventColumn<?>> columns;
  private final List<String> columnNames;
  private final RowEncoder encoder;

  /// A kind's own columns of one event, one after the other.
  private interface RowEncoder {
    void write(Event event, EventColumn.Writer row);
  }

  <E extends Event> EventKind(
      String wireName, String table, Class<E> type, List<EventColumn<E>> columns) {
    this.wireName = wireName;
    this.table = table;
    this.columns = columns;
    this.columnNames =
        Stream.concat(EventColumn.SHARED.stream(), columns.stream().map(EventColumn::name))
            .toList();
    this.encoder =
        (event, row) -> {
          var own = type.cast(event);
          for (var column : columns) {
            column.writer().accept(own, row);
          }
        };
  }

  /// The kind with a name on the wire; null if there is none.
  public static @Nullable EventKind named(String wireName) {
    for (var kind : values()) {
      if (kind.wireName.equals(wireName)) {
        return kind;
      }
    }
    return null;
  }

  /// Its `type` in requests and answers.
  public String wireName() {
    return wireName;
  }

  public String table() {
    return table;
  }

  /// The columns that only this kind has, in the order of [#write].
  public List<? extends EventColumn<?>> columns() {
    return columns;
  }

  /// The column that the table is sorted by, after the environment.
  public String keyColumn() {
    return columns.getFirst().name();
  }

  /// All columns of a row: the shared ones and its own.
  public List<String> columnNames() {
    return columnNames;
  }

  /// Whether the table has a column.
  public boolean has(String column) {
    return columnNames.contains(column);
  }

  /// Writes an event's own columns, in order.
  ///
  /// @throws ClassCastException if the event is of another kind
  public void write(Event event, EventColumn.Writer row) {
    encoder.write(event, row);
  }
}
