package dev.stitchd.flagd.compile;

import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.Operands;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/// A test of one attribute: when it is true, and when it is false. Where neither holds it is
/// unknown, which JSONLogic does not have.
///
/// @param holds true exactly where the test is true
/// @param fails true exactly where the test is false
record AttributeLogic(Logic holds, Logic fails) {

  static final String NOW = "$now";

  private static final Logic TIMESTAMP = new Var("$flagd.timestamp").logic();

  static AttributeLogic of(Condition.Attribute test, String path) {
    var logic = positive(test, path);
    return test.operator().negative() ? logic.not() : logic;
  }

  AttributeLogic not() {
    return new AttributeLogic(fails, holds);
  }

  private static AttributeLogic positive(Condition.Attribute test, String path) {
    if (test.path().equals(NOW)) {
      return ofTime(test, path);
    }
    var attribute = Var.of(test.path());
    return attribute == null
        ? gap(path, "JSONLogic cannot name the attribute '" + test.path() + "'")
        : of(attribute, test, path);
  }

  private static AttributeLogic of(Var attribute, Condition.Attribute test, String path) {
    var values = test.values();
    return switch (test.operator()) {
      case EQUALS, NOT_EQUALS, IN, NOT_IN -> same(attribute, values, path);
      case CONTAINS -> text(attribute, values, path, AttributeLogic::contains);
      case STARTS_WITH ->
          text(attribute, values, path, s -> ValueLogic.startsWith(ValueLogic.element(), s));
      case ENDS_WITH ->
          text(attribute, values, path, s -> ValueLogic.endsWith(ValueLogic.element(), s));
      case LESS_THAN -> number(attribute, "<", values, path);
      case LESS_OR_EQUAL -> number(attribute, "<=", values, path);
      case GREATER_THAN -> number(attribute, ">", values, path);
      case GREATER_OR_EQUAL -> number(attribute, ">=", values, path);
      case EXISTS, NOT_EXISTS -> exists(attribute);
      case SEMVER_EQUALS -> VersionLogic.compared(attribute, "=", values, path);
      case SEMVER_LESS -> VersionLogic.compared(attribute, "<", values, path);
      case SEMVER_LESS_OR_EQUAL -> VersionLogic.compared(attribute, "<=", values, path);
      case SEMVER_GREATER -> VersionLogic.compared(attribute, ">", values, path);
      case SEMVER_GREATER_OR_EQUAL -> VersionLogic.compared(attribute, ">=", values, path);
      case SEMVER_TILDE -> VersionLogic.within(attribute, values, Operands::tilde, path);
      case SEMVER_CARET -> VersionLogic.within(attribute, values, Operands::caret, path);
      case MATCHES, EQUALS_IGNORE_CASE, CONTAINS_IGNORE_CASE, IN_CIDR, BEFORE, AFTER ->
          gap(path, "flagd has nothing like the operator " + test.operator().wire());
    };
  }

  static AttributeLogic gap(String path, String reason) {
    var gap = Logic.gap(path, reason);
    return new AttributeLogic(gap, gap);
  }

  private static AttributeLogic exists(Var attribute) {
    var value = attribute.logic();
    var there =
        attribute.equals(Var.TARGETING_KEY)
            ? Logic.all(ValueLogic.isThere(value), value.differs(Logic.text("")))
            : Logic.all(attribute.isReached(), ValueLogic.isThere(value));
    return new AttributeLogic(there, there.not());
  }

  /// Values of two types leave every other value unknown, as the model says.
  private static AttributeLogic same(Var attribute, List<JsonNode> values, String path) {
    var texts = values.stream().filter(JsonNode::isString).toList();
    var numbers = values.stream().filter(JsonNode::isNumber).toList();
    var truths = values.stream().filter(JsonNode::isBoolean).toList();
    if (!numbers.stream().allMatch(ValueLogic::isPortable)) {
      return notPortable(path);
    }
    var kinds = new ArrayList<AttributeLogic>();
    kind(ValueLogic.isText(ValueLogic.element()), texts, kinds);
    kind(ValueLogic.isNumber(ValueLogic.element()), numbers, kinds);
    kind(ValueLogic.isTruthValue(ValueLogic.element()), truths, kinds);
    var isOne = Logic.any(kinds.stream().map(AttributeLogic::holds).toList());
    return each(attribute, isOne, kinds.size() == 1 ? kinds.getFirst().fails : Logic.FALSE);
  }

  private static void kind(Logic isKind, List<JsonNode> values, List<AttributeLogic> kinds) {
    if (!values.isEmpty()) {
      kinds.add(typed(isKind, ValueLogic.element().isIn(Logic.list(values))));
    }
  }

  private static AttributeLogic text(
      Var attribute, List<JsonNode> values, String path, Function<String, Logic> test) {
    var tests = new ArrayList<Logic>();
    for (var value : values) {
      if (value.stringValue().chars().anyMatch(c -> Character.isSurrogate((char) c))) {
        return gap(path, "engines count characters beyond U+FFFF differently");
      }
      tests.add(test.apply(value.stringValue()));
    }
    var logic = typed(ValueLogic.isText(ValueLogic.element()), Logic.any(tests));
    return each(attribute, logic.holds, logic.fails);
  }

  private static Logic contains(String part) {
    return part.isEmpty() ? Logic.TRUE : Logic.text(part).isIn(ValueLogic.element());
  }

  private static AttributeLogic number(
      Var attribute, String operator, List<JsonNode> values, String path) {
    if (!values.stream().allMatch(ValueLogic::isPortable)) {
      return notPortable(path);
    }
    var tests =
        values.stream()
            .map(value -> Logic.op(operator, ValueLogic.element(), Logic.constant(value)))
            .toList();
    var logic = typed(ValueLogic.isNumber(ValueLogic.element()), Logic.any(tests));
    return each(attribute, logic.holds, logic.fails);
  }

  private static AttributeLogic notPortable(String path) {
    return gap(path, "engines read numbers beyond 2^53 differently");
  }

  private static AttributeLogic typed(Logic isType, Logic test) {
    return new AttributeLogic(Logic.all(isType, test), Logic.all(isType, test.not()));
  }

  /// A list passes if an element does, and fails if all do. An empty targeting key is none.
  private static AttributeLogic each(Var attribute, Logic holds, Logic fails) {
    var value = attribute.logic();
    var there =
        attribute.equals(Var.TARGETING_KEY) ? value.differs(Logic.text("")) : attribute.isReached();
    return new AttributeLogic(
        Logic.all(there, ValueLogic.some(value, holds)),
        Logic.all(there, ValueLogic.every(value, fails)));
  }

  /// flagd's time has whole seconds, and is never missing.
  private static AttributeLogic ofTime(Condition.Attribute test, String path) {
    var holds =
        switch (test.operator()) {
          case BEFORE -> timed(test, value -> Logic.op("<", TIMESTAMP, Logic.number(up(value))));
          case AFTER ->
              timed(test, value -> Logic.op(">", TIMESTAMP, Logic.number(value.getEpochSecond())));
          case EXISTS, NOT_EXISTS -> Logic.TRUE;
          default ->
              Logic.gap(
                  path, "of the time, flagd can only say whether it is before or after another");
        };
    return new AttributeLogic(holds, holds.gaps().isEmpty() ? holds.not() : holds);
  }

  private static Logic timed(Condition.Attribute test, Function<Instant, Logic> compared) {
    return Logic.any(
        test.values().stream().map(value -> compared.apply(Operands.instant(value))).toList());
  }

  private static long up(Instant instant) {
    return instant.getNano() == 0 ? instant.getEpochSecond() : instant.getEpochSecond() + 1;
  }
}
