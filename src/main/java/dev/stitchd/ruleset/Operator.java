package dev.stitchd.ruleset;

import dev.stitchd.ruleset.operator.Comparison;
import dev.stitchd.ruleset.operator.Comparisons;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// How an attribute is compared with values. Each negative operator is the Kleene-not of its
/// positive one, so it too is unknown when the attribute is missing.
public enum Operator {
  EQUALS("equals", Comparisons.SAME),
  NOT_EQUALS("notEquals", EQUALS),
  IN("in", Comparisons.SAME),
  NOT_IN("notIn", IN),
  CONTAINS("contains", Comparisons.CONTAINS),
  EQUALS_IGNORE_CASE("equalsIgnoreCase", Comparisons.SAME_IGNORING_CASE),
  CONTAINS_IGNORE_CASE("containsIgnoreCase", Comparisons.CONTAINS_IGNORING_CASE),
  STARTS_WITH("startsWith", Comparisons.STARTS_WITH),
  ENDS_WITH("endsWith", Comparisons.ENDS_WITH),
  MATCHES("matches", Comparisons.MATCHES),
  LESS_THAN("lessThan", Comparisons.LESS_THAN),
  LESS_OR_EQUAL("lessOrEqual", Comparisons.LESS_OR_EQUAL),
  GREATER_THAN("greaterThan", Comparisons.GREATER_THAN),
  GREATER_OR_EQUAL("greaterOrEqual", Comparisons.GREATER_OR_EQUAL),
  BEFORE("before", Comparisons.BEFORE),
  AFTER("after", Comparisons.AFTER),
  SEMVER_EQUALS("semverEquals", Comparisons.VERSION_EQUALS),
  SEMVER_LESS("semverLess", Comparisons.VERSION_LESS),
  SEMVER_LESS_OR_EQUAL("semverLessOrEqual", Comparisons.VERSION_LESS_OR_EQUAL),
  SEMVER_GREATER("semverGreater", Comparisons.VERSION_GREATER),
  SEMVER_GREATER_OR_EQUAL("semverGreaterOrEqual", Comparisons.VERSION_GREATER_OR_EQUAL),
  SEMVER_TILDE("semverTilde", Comparisons.VERSION_TILDE),
  SEMVER_CARET("semverCaret", Comparisons.VERSION_CARET),
  IN_CIDR("inCidr", Comparisons.IN_CIDR),
  EXISTS("exists", (Comparison) null),
  NOT_EXISTS("notExists", EXISTS);

  private static final Map<String, Operator> BY_WIRE =
      Arrays.stream(values()).collect(Collectors.toMap(Operator::wire, Function.identity()));

  private final String wire;
  private final @Nullable Comparison comparison;
  private final boolean negative;

  Operator(String wire, @Nullable Comparison comparison) {
    this.wire = wire;
    this.comparison = comparison;
    this.negative = false;
  }

  Operator(String wire, Operator positive) {
    this.wire = wire;
    this.comparison = positive.comparison;
    this.negative = true;
  }

  /// The name in requests, answers and published items.
  public String wire() {
    return wire;
  }

  /// The operator of a wire name; null if there is none.
  public static @Nullable Operator of(String wire) {
    return BY_WIRE.get(wire);
  }

  /// Whether it is the Kleene-not of another.
  public boolean negative() {
    return negative;
  }

  /// How it, or the operator that it negates, compares; null for `exists`, which takes no values.
  public @Nullable Comparison comparison() {
    return comparison;
  }
}
