package dev.stitchd.ruleset.validation;

import dev.stitchd.kernel.AttributePath;
import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.operator.Dates;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Finds bounds of one attribute between which nothing lies, among conditions that must all be
/// true. A list can meet them, with one element above and another below.
final class EmptyRanges {

  private EmptyRanges() {}

  /// The paths of the attributes that no value can have.
  static List<String> among(List<Condition> parts) {
    var numbers = new LinkedHashMap<String, Range>();
    var times = new LinkedHashMap<String, Range>();
    for (var part : parts) {
      if (part instanceof Condition.Attribute attribute) {
        bound(attribute, numbers, times);
      }
    }
    return Stream.of(numbers, times)
        .map(Map::entrySet)
        .flatMap(Collection::stream)
        .filter(entry -> entry.getValue().isEmpty())
        .map(Map.Entry::getKey)
        .distinct()
        .toList();
  }

  private static void bound(
      Condition.Attribute attribute, Map<String, Range> numbers, Map<String, Range> times) {
    var path = AttributePath.canonical(attribute.path());
    switch (attribute.operator()) {
      case GREATER_THAN -> of(numbers, path).above(numbers(attribute), true);
      case GREATER_OR_EQUAL -> of(numbers, path).above(numbers(attribute), false);
      case LESS_THAN -> of(numbers, path).below(numbers(attribute), true);
      case LESS_OR_EQUAL -> of(numbers, path).below(numbers(attribute), false);
      case AFTER -> of(times, path).above(times(attribute), true);
      case BEFORE -> of(times, path).below(times(attribute), true);
      default -> {}
    }
  }

  private static Range of(Map<String, Range> ranges, String path) {
    return ranges.computeIfAbsent(path, _ -> new Range());
  }

  private static Stream<BigDecimal> numbers(Condition.Attribute attribute) {
    return attribute.values().stream().map(JsonNode::decimalValue);
  }

  private static Stream<BigDecimal> times(Condition.Attribute attribute) {
    return attribute.values().stream().map(Dates::instant).map(EmptyRanges::seconds);
  }

  private static BigDecimal seconds(Instant time) {
    return BigDecimal.valueOf(time.getEpochSecond()).add(BigDecimal.valueOf(time.getNano(), 9));
  }

  /// What lies above and below all bounds so far.
  private static final class Range {

    private @Nullable BigDecimal low;
    private @Nullable BigDecimal high;
    private boolean withoutLow;
    private boolean withoutHigh;

    /// Above any of these.
    private void above(Stream<BigDecimal> values, boolean without) {
      var bound = values.min(BigDecimal::compareTo).orElseThrow();
      int order = low == null ? 1 : bound.compareTo(low);
      if (order >= 0) {
        withoutLow = without || order == 0 && withoutLow;
        low = bound;
      }
    }

    /// Below any of these.
    private void below(Stream<BigDecimal> values, boolean without) {
      var bound = values.max(BigDecimal::compareTo).orElseThrow();
      int order = high == null ? -1 : bound.compareTo(high);
      if (order <= 0) {
        withoutHigh = without || order == 0 && withoutHigh;
        high = bound;
      }
    }

    private boolean isEmpty() {
      if (low == null || high == null) {
        return false;
      }
      int order = low.compareTo(high);
      return order > 0 || order == 0 && (withoutLow || withoutHigh);
    }
  }
}
