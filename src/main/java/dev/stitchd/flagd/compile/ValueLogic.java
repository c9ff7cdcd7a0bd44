package dev.stitchd.flagd.compile;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// What kind of value an expression gives, in forms that all engines agree on and none fails at,
/// whatever the value is. Within `some` and `none` no operator of flagd's own may stand: the
/// JavaScript engine fails at it there.
final class ValueLogic {

  /// True, where Go takes no constant for a test.
  static final Logic ALWAYS = Logic.number(1).same(Logic.number(1));

  private static final Logic NO_VALUES = Logic.list(List.of());

  /// How a number begins once it is text; neither does a truth value, an object or nothing.
  private static final Logic NUMBER_BEGINS =
      Logic.texts(
          Stream.concat(Stream.of("-"), IntStream.range(0, 10).mapToObj(String::valueOf)).toList());

  /// Python writes truth values with capitals.
  private static final Logic TRUTH_VALUES = Logic.texts(List.of("true", "True", "false", "False"));

  private ValueLogic() {}

  static Logic isThere(Logic value) {
    return value.differs(Logic.NULL);
  }

  static Logic isMissing(Logic value) {
    return value.same(Logic.NULL);
  }

  /// Only text is the same as its text. (Java fails at the text of nothing.)
  static Logic isText(Logic value) {
    return Logic.all(isThere(value), Logic.op("cat", value).same(value));
  }

  static Logic isNumber(Logic value) {
    return Logic.all(
        isThere(value),
        Logic.op("cat", value).differs(value),
        isNoList(value),
        Logic.op("substr", Logic.op("cat", value), Logic.number(0), Logic.number(1))
            .isIn(NUMBER_BEGINS));
  }

  /// To Python, `true` and 1 are the same.
  static Logic isTruthValue(Logic value) {
    return Logic.all(
        isThere(value),
        Logic.op("cat", value).differs(value),
        isNoList(value),
        Logic.op("cat", value).isIn(TRUTH_VALUES));
  }

  /// A list is not among its own elements; any other value is the only one in the list of itself.
  static Logic isNoList(Logic value) {
    return value.isIn(elements(value));
  }

  /// The elements of a list; of another value, the list of that. (Java takes a single operand that
  /// is a list for the operands, so there are two.)
  private static Logic elements(Logic value) {
    return Logic.op("merge", value, NO_VALUES);
  }

  /// Whether a value, or an element of it if it is a list, passes a test of [Var#ELEMENT].
  static Logic some(Logic value, Logic test) {
    return test.is(Logic.FALSE) ? test : Logic.op("some", elements(value), test);
  }

  /// Whether a value, or every element of it if it is a list, passes a test of [Var#ELEMENT]; so
  /// does an empty list.
  static Logic every(Logic value, Logic test) {
    var fails = test.is(Logic.FALSE) ? ALWAYS : test.not();
    return Logic.op("none", elements(value), fails);
  }

  static Logic element() {
    return Var.ELEMENT.logic();
  }

  static Logic startsWith(Logic text, String start) {
    return start.isEmpty()
        ? Logic.TRUE
        : Logic.op("substr", text, Logic.number(0), Logic.number(start.length()))
            .same(Logic.text(start));
  }

  static Logic endsWith(Logic text, String end) {
    return end.isEmpty()
        ? Logic.TRUE
        : Logic.op("substr", text, Logic.number(-end.length())).same(Logic.text(end));
  }

  /// Whether a number of a condition is the same in all engines: one that a double says as it is
  /// written, and no whole one beyond those that all can count to.
  static boolean isPortable(JsonNode number) {
    double value = number.doubleValue();
    return Double.isFinite(value)
        && number.decimalValue().compareTo(java.math.BigDecimal.valueOf(value)) == 0
        && (value != Math.rint(value) || Math.abs(value) < 0x1p53);
  }
}
