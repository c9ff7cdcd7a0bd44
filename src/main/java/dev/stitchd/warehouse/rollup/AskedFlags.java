package dev.stitchd.warehouse.rollup;

import dev.stitchd.warehouse.Predecessors;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which flags a statement is about.
///
/// @param condition begins with `AND`, or empty for all
/// @param parameters what the condition speaks of
record AskedFlags(String condition, Map<String, Object> parameters) {

  static AskedFlags of(@Nullable String flag) {
    return flag == null
        ? new AskedFlags("", Map.of())
        : new AskedFlags("AND flag = :flag", Map.of("flag", flag));
  }

  /// All flags that have no predecessor.
  static AskedFlags without(Predecessors predecessors) {
    return predecessors.isEmpty()
        ? of(null)
        : new AskedFlags("AND NOT " + predecessors.have(), predecessors.flags());
  }

  /// Those that have one, and of these only what was received since.
  static AskedFlags with(Predecessors predecessors) {
    return new AskedFlags("AND " + predecessors.have(), predecessors.flags());
  }
}
