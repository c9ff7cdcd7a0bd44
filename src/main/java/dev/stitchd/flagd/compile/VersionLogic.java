package dev.stitchd.flagd.compile;

import dev.stitchd.ruleset.Operands;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// Versions. flagd's own `^` and `~` mean something else than npm's, so ranges are two comparisons.
/// What engines take for a version differs; [#isVersion] leaves what all of them and the model do.
final class VersionLogic {

  private static final Pattern LONG_NUMBER = Pattern.compile("^[^-+]*\\d{10}|\\d{16}");

  /// A part of a pre-release that begins with a hyphen, or has hyphens and else but digits.
  private static final Pattern NEARLY_NUMBER =
      Pattern.compile("--|\\.-|^[^-]*-(?:.*\\.)?\\d+-[\\d-]*(?:\\.|$)");

  private static final int SHORT = 15;
  private static final int LONGEST = 256;
  private static final String DIGITS = "0123456789";
  private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final Logic BEGINS_VERSION = Logic.text(DIGITS + "vV");
  private static final Logic ENDS_VERSION = Logic.text(DIGITS + LETTERS + "-");

  /// How text begins that is no version to anybody: any printable ASCII but what a version, or
  /// space around one, begins with; or not at all.
  private static final Logic BEGINS_OTHER =
      Logic.text(LETTERS.replace("V", "").replace("v", "") + "!#$%&'()*,-./:;<>?@[]^_`{|}~");

  private VersionLogic() {}

  static AttributeLogic compared(
      Var attribute, String operator, List<JsonNode> values, String path) {
    var versions = values.stream().map(Operands::version).toList();
    var text = attribute.logic();
    return of(
        attribute,
        versions,
        versions.stream().map(version -> compare(text, operator, version)).toList(),
        path);
  }

  /// npm's range: a pre-release is in it only if the range begins with one of the same release.
  static AttributeLogic within(
      Var attribute,
      List<JsonNode> values,
      Function<JsonNode, Operands.Versions> range,
      String path) {
    var named = new ArrayList<String>();
    var tests = new ArrayList<Logic>();
    var text = attribute.logic();
    for (var value : values) {
      var versions = range.apply(value);
      named.addAll(List.of(versions.from(), versions.before()));
      tests.add(
          Logic.all(
              compare(text, ">=", versions.from()),
              compare(text, "<", versions.before()),
              Logic.any(
                  Logic.text("-").isIn(text).not(),
                  versions.from().equals(versions.release())
                      ? Logic.FALSE
                      : compare(text, "<", versions.release()))));
    }
    return of(attribute, named, tests, path);
  }

  private static AttributeLogic of(
      Var attribute, List<String> named, List<Logic> tests, String path) {
    if (named.stream().anyMatch(version -> LONG_NUMBER.matcher(version).find())) {
      return AttributeLogic.gap(
          path,
          "engines read versions with numbers of 10 digits, or 16 in a pre-release, differently");
    }
    if (named.stream().anyMatch(version -> NEARLY_NUMBER.matcher(version).find())) {
      return AttributeLogic.gap(
          path, "engines order pre-releases with parts of digits and hyphens differently");
    }
    var known = Logic.all(attribute.isReached(), isVersion(attribute.logic()));
    var test = Logic.any(tests);
    var read = new Requirement.Version(attribute);
    return new AttributeLogic(
        Logic.all(known, test).requiring(read), Logic.all(known, test.not()).requiring(read));
  }

  /// Whether text is a version. JavaScript takes a second `v`, or space, after the first; Python
  /// takes pre-releases and builds of versions with numbers missing, which are found by their
  /// having room for one more number.
  private static Logic isVersion(Logic text) {
    return Logic.all(
        ValueLogic.isText(text),
        first(text, 1).isIn(BEGINS_VERSION),
        Logic.any(
            first(text, 1).isIn(Logic.text(DIGITS)), part(text, 1, 1).isIn(Logic.text(DIGITS))),
        compare(text, "=", text),
        Logic.any(
            Logic.all(hasPreRelease(text).not(), hasBuild(text).not()), hasThreeNumbers(text)));
  }

  private static Logic hasThreeNumbers(Logic text) {
    var withoutMark =
        Logic.op(
            "if",
            first(text, 1).isIn(Logic.text("vV")),
            Logic.op("substr", text, Logic.number(1)),
            text);
    var longer = Logic.op("cat", Logic.text("0."), withoutMark);
    return compare(longer, "=", longer).not();
  }

  /// What [Requirement.Version] asks for. Text that no engine takes for a version is fine; of other
  /// text it must be sure that an engine that takes it for none is right.
  static Logic isRead(Var attribute) {
    var text = attribute.logic();
    var plain =
        Logic.all(
            first(text, 1).isIn(BEGINS_VERSION),
            Logic.op("substr", text, Logic.number(-1)).isIn(ENDS_VERSION),
            isAtMost(text, LONGEST),
            Logic.any(
                hasPreRelease(text).not(),
                Logic.all(hasBuild(text).not(), Logic.any(ordersPreReleases(), isOrdered(text)))),
            Logic.any(
                compare(text, "=", text),
                Logic.all(compare(Logic.text("1"), "=", "1.0.0"), isAtMost(text, SHORT))));
    return Logic.any(
        attribute.isReached().not(),
        Logic.op(
            "if",
            ValueLogic.isText(text),
            Logic.any(first(text, 1).isIn(BEGINS_OTHER), plain),
            Logic.any(ValueLogic.isMissing(text), ValueLogic.isNoList(text))));
  }

  /// Java takes what has digits and hyphens alone for a number.
  private static Logic ordersPreReleases() {
    return compare(Logic.text("0.0.0-4-5"), "<", "0.0.0-5-");
  }

  /// Whether a version has no pre-release that Java would take for a number: there, its last hyphen
  /// would have a digit after it, a dot or nothing.
  private static Logic isOrdered(Logic text) {
    var all = new ArrayList<Logic>();
    (DIGITS + "-.").chars().forEach(c -> all.add(Logic.text("-" + (char) c).isIn(text).not()));
    all.add(Logic.text(".-").isIn(text).not());
    all.add(ValueLogic.endsWith(text, "-").not());
    return Logic.all(all);
  }

  /// Of shorter text, Go gives the whole for what lies beyond its end, and Java nothing for more
  /// than there is.
  private static Logic isAtMost(Logic text, int length) {
    return Logic.any(first(text, length).same(text), part(text, length, 1).same(Logic.text("")));
  }

  private static Logic hasPreRelease(Logic text) {
    return Logic.text("-").isIn(text);
  }

  private static Logic hasBuild(Logic text) {
    return Logic.text("+").isIn(text);
  }

  private static Logic first(Logic text, int length) {
    return part(text, 0, length);
  }

  private static Logic part(Logic text, int from, int length) {
    return Logic.op("substr", text, Logic.number(from), Logic.number(length));
  }

  private static Logic compare(Logic text, String operator, String version) {
    return compare(text, operator, Logic.text(version));
  }

  private static Logic compare(Logic text, String operator, Logic version) {
    return Logic.op("sem_ver", text, Logic.text(operator), version);
  }
}
