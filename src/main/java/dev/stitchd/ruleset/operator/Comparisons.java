package dev.stitchd.ruleset.operator;

import inet.ipaddr.IPAddress;
import java.time.Instant;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/// What each operator does. Strings are case-sensitive unless its name says otherwise; dates,
/// versions and addresses are compared by what they mean.
public final class Comparisons {

  public static final Comparison SAME = new Sameness();

  public static final Comparison CONTAINS = text(String::contains);
  public static final Comparison SAME_IGNORING_CASE = folded(String::equals);
  public static final Comparison CONTAINS_IGNORING_CASE = folded(String::contains);
  public static final Comparison STARTS_WITH = text(String::startsWith);
  public static final Comparison ENDS_WITH = text(String::endsWith);

  public static final Comparison MATCHES =
      new Relation<>(
          Comparisons::string, Patterns::parse, (text, pattern) -> pattern.matcher(text).find());

  public static final Comparison LESS_THAN = number((a, b) -> Numbers.compare(a, b) < 0);
  public static final Comparison LESS_OR_EQUAL = number((a, b) -> Numbers.compare(a, b) <= 0);
  public static final Comparison GREATER_THAN = number((a, b) -> Numbers.compare(a, b) > 0);
  public static final Comparison GREATER_OR_EQUAL = number((a, b) -> Numbers.compare(a, b) >= 0);

  public static final Comparison BEFORE = date(Instant::isBefore);
  public static final Comparison AFTER = date(Instant::isAfter);

  public static final Comparison VERSION_EQUALS = version((a, b) -> a.compareTo(b) == 0);
  public static final Comparison VERSION_LESS = version((a, b) -> a.compareTo(b) < 0);
  public static final Comparison VERSION_LESS_OR_EQUAL = version((a, b) -> a.compareTo(b) <= 0);
  public static final Comparison VERSION_GREATER_OR_EQUAL = version((a, b) -> a.compareTo(b) >= 0);
  public static final Comparison VERSION_GREATER = version((a, b) -> a.compareTo(b) > 0);
  public static final Comparison VERSION_TILDE =
      new Relation<>(Version::read, VersionRange::tilde, (v, range) -> range.contains(v));
  public static final Comparison VERSION_CARET =
      new Relation<>(Version::read, VersionRange::caret, (v, range) -> range.contains(v));

  public static final Comparison IN_CIDR =
      new Relation<IPAddress, IPAddress>(
          Addresses::read, Addresses::parseBlock, (address, block) -> block.contains(address));

  private Comparisons() {}

  private static Comparison text(BiPredicate<String, String> holds) {
    return Relation.between(Comparisons::string, "a string", holds);
  }

  private static Comparison folded(BiPredicate<String, String> holds) {
    return Relation.between(Comparisons::foldedString, "a string", holds);
  }

  private static Comparison number(BiPredicate<Object, Object> holds) {
    return Relation.between(Numbers::canonical, "a number", holds);
  }

  private static Comparison date(BiPredicate<Instant, Instant> holds) {
    return Relation.between(
        Dates::read, "a date, a date and time with an offset, or milliseconds since 1970", holds);
  }

  private static Comparison version(BiPredicate<Version, Version> holds) {
    return Relation.between(Version::read, "a semantic version, as 1.2.3, 1.2 or 1", holds);
  }

  private static @Nullable String string(JsonNode value) {
    return value instanceof StringNode text ? text.stringValue() : null;
  }

  /// Without regard to case: each character as the lower case of its upper case, whatever stands
  /// around it and wherever the server is, so that every SDK can do the same.
  private static @Nullable String foldedString(JsonNode value) {
    var text = string(value);
    return text == null
        ? null
        : text.codePoints()
            .map(c -> Character.toLowerCase(Character.toUpperCase(c)))
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
  }
}
