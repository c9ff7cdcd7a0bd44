package dev.stitchd.ruleset;

/// Values that an operator takes.
final class OperatorSamples {

  private OperatorSamples() {}

  /// As a JSON list with single quotes; null for operators that take none.
  static String valuesOf(Operator operator) {
    return switch (operator) {
      case EQUALS, NOT_EQUALS, IN, NOT_IN -> "['a',1,2.5,true]";
      case CONTAINS, EQUALS_IGNORE_CASE, CONTAINS_IGNORE_CASE, STARTS_WITH, ENDS_WITH -> "['a','']";
      case MATCHES -> "['^a+','b']";
      case LESS_THAN, LESS_OR_EQUAL, GREATER_THAN, GREATER_OR_EQUAL -> "[1,2.5]";
      case BEFORE, AFTER -> "['2024-01-01T00:00:00Z',1704067200000]";
      case SEMVER_EQUALS,
          SEMVER_LESS,
          SEMVER_LESS_OR_EQUAL,
          SEMVER_GREATER,
          SEMVER_GREATER_OR_EQUAL ->
          "['1.2.3']";
      case SEMVER_TILDE, SEMVER_CARET -> "['1.2','1.2.3-rc.1']";
      case IN_CIDR -> "['10.0.0.0/8','2001:db8::/32']";
      case EXISTS, NOT_EXISTS -> null;
    };
  }
}
