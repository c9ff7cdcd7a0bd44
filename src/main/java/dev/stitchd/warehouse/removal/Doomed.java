package dev.stitchd.warehouse.removal;

import dev.stitchd.delivery.EventKind;
import dev.stitchd.kernel.AttributePath;
import dev.stitchd.warehouse.EventRemoval.Context;
import dev.stitchd.warehouse.EventRemoval.Removal;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Some removals, as conditions of statements. Immutable.
///
/// @param removals at least one
record Doomed(List<Removal> removals) {

  private static final String USER = "user";

  Doomed {
    removals = List.copyOf(removals);
  }

  /// Those that are about a context; null if there are none.
  @Nullable Doomed contexts() {
    var about = removals.stream().filter(one -> one.context() != null).toList();
    return about.isEmpty() ? null : new Doomed(about);
  }

  /// For each removal, how many rows of a table are to go.
  String count(String table) {
    return "SELECT %s FROM %s WHERE %s FORMAT TSV"
        .formatted(joined(one -> "countIf(" + rows(table, one) + ")", ", "), table, anyOf(table));
  }

  /// The rows of a table that go.
  String anyOf(String table) {
    return joined(one -> rows(table, one), " OR ");
  }

  /// The environments that they are about.
  String environments() {
    return joined(one -> "toUUID('" + one.environment() + "')", ", ");
  }

  /// Environments, each with what stands for a context of it in rollups.
  String units() {
    return joined(
        one -> {
          var context = Objects.requireNonNull(one.context());
          return "(toUUID('%s'), sipHash64(%s, %s))"
              .formatted(one.environment(), text(context.type()), text(context.key()));
        },
        ", ");
  }

  /// Events of a context that came later too.
  String everReceived(String table) {
    return joined(one -> of(table, one, ""), " OR ");
  }

  private static String rows(String table, Removal removal) {
    var context = removal.context();
    return context == null
        ? "environment_id = toUUID('" + removal.environment() + "')"
        : of(
            table,
            removal,
            " AND received_at <= fromUnixTimestamp64Milli(toInt64(%d))"
                .formatted(context.until().toEpochMilli()));
  }

  private static String of(String table, Removal removal, String until) {
    var context = Objects.requireNonNull(removal.context());
    return namesContexts(table)
        ? "(environment_id = toUUID('%s')%s AND (%s))"
            .formatted(removal.environment(), until, named(context))
        : "false";
  }

  /// The unit of the event, or another context that it told of, whose key is an attribute then.
  private static String named(Context context) {
    var unit =
        "context_type = %s AND context_key = %s"
            .formatted(text(context.type()), text(context.key()));
    return context.type().equals(USER)
        ? unit
        : unit
            + " OR attributes[%s] = %s"
                .formatted(
                    text(AttributePath.within(AttributePath.within("", context.type()), "key")),
                    text(context.key()));
  }

  private static boolean namesContexts(String table) {
    for (var kind : EventKind.values()) {
      if (kind.table().equals(table)) {
        return kind.has("context_key");
      }
    }
    return false;
  }

  static String text(String value) {
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }

  private String joined(Function<Removal, String> text, String between) {
    return removals.stream().map(text).collect(Collectors.joining(between));
  }
}
