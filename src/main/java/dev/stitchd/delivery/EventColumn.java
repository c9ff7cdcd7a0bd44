package dev.stitchd.delivery;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// A column that only events of one kind have.
///
/// @param name in the table
/// @param writer how an event's value is written into a row
public record EventColumn<E extends Event>(String name, Type type, BiConsumer<E, Writer> writer) {

  /// The columns that every kind has, which come first in a row, in this order.
  public static final List<String> SHARED =
      List.of("environment_id", "id", "at", "received_at", "source");

  /// What a column holds, and how a row says that there is nothing.
  public enum Type {
    /// Empty for nothing.
    TEXT,
    INTEGER,
    /// With 64 bits of floating point; null for nothing.
    NULLABLE_NUMBER,
    /// Text by text.
    MAP
  }

  /// A row that is written, in the store's own encoding.
  public interface Writer {

    void text(@Nullable String value);

    void integer(long value);

    void nullableNumber(@Nullable Double value);

    void map(Map<String, String> value);
  }

  static <E extends Event> EventColumn<E> text(String name, Function<E, @Nullable String> value) {
    return new EventColumn<>(name, Type.TEXT, (event, row) -> row.text(value.apply(event)));
  }

  static <E extends Event> EventColumn<E> integer(String name, ToLongFunction<E> value) {
    return new EventColumn<>(
        name, Type.INTEGER, (event, row) -> row.integer(value.applyAsLong(event)));
  }

  static <E extends Event> EventColumn<E> nullableNumber(
      String name, Function<E, @Nullable Double> value) {
    return new EventColumn<>(
        name, Type.NULLABLE_NUMBER, (event, row) -> row.nullableNumber(value.apply(event)));
  }

  static <E extends Event> EventColumn<E> map(String name, Function<E, Map<String, String>> value) {
    return new EventColumn<>(name, Type.MAP, (event, row) -> row.map(value.apply(event)));
  }

  /// Its name on the wire: `ruleId` for `rule_id`.
  public String wireName() {
    var words = name.split("_");
    var wireName = new StringBuilder(words[0]);
    for (int i = 1; i < words.length; i++) {
      wireName
          .append(Character.toUpperCase(words[i].charAt(0)))
          .append(words[i], 1, words[i].length());
    }
    return wireName.toString();
  }
}
