package dev.stitchd.warehouse.clickhouse;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.util.unit.DataSize;

/// What one query may take of ClickHouse: the one place for such limits, whichever way the query
/// goes. Immutable.
///
/// @param settings ClickHouse's names and values, in order
public record QueryLimits(Map<String, String> settings) {

  /// Nothing but what ClickHouse's own profile says.
  public static final QueryLimits NONE = new QueryLimits(Map.of());

  /// Ended by ClickHouse after this long, as a failure; zero for never.
  public QueryLimits time(Duration most) {
    return with("max_execution_time", Long.toString(most.toSeconds()))
        .with("timeout_overflow_mode", "throw");
  }

  /// Ended by ClickHouse when it takes more memory, as a failure.
  public QueryLimits memory(DataSize most) {
    return with("max_memory_usage", Long.toString(most.toBytes()));
  }

  public QueryLimits threads(int most) {
    return with("max_threads", Integer.toString(most));
  }

  /// Answers from about so many rows, though there may be more.
  public QueryLimits sampled(long rows) {
    return with("max_rows_to_read", Long.toString(rows)).with("read_overflow_mode", "break");
  }

  /// The same besides other settings.
  QueryLimits with(Map<String, String> others) {
    var more = new LinkedHashMap<>(others);
    more.putAll(settings);
    return new QueryLimits(more);
  }

  private QueryLimits with(String setting, String value) {
    var more = new LinkedHashMap<>(settings);
    more.put(setting, value);
    return new QueryLimits(more);
  }

  /// As a part of `SETTINGS`, for drivers that send the statement alone; values that are words are
  /// quoted.
  public String clause() {
    return settings.entrySet().stream()
        .map(one -> one.getKey() + " = '" + one.getValue() + "'")
        .collect(Collectors.joining(", "));
  }
}
