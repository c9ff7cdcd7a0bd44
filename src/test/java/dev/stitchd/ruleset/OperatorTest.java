package dev.stitchd.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.condition.Matchers;
import dev.stitchd.ruleset.evaluation.EvaluationRun;
import dev.stitchd.ruleset.operator.Truth;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OperatorTest {

  /// Operator, values, the attribute's value (JSON with single quotes), what comes out.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "equals | ['DE'] | 'DE' | TRUE",
        "equals | ['DE'] | 'de' | FALSE",
        "equals | ['5'] | 5 | UNKNOWN",
        "equals | [5] | '5' | UNKNOWN",
        "equals | [1] | 1.0 | TRUE",
        "equals | [1.0] | 1 | TRUE",
        "equals | [1.5] | 1.5 | TRUE",
        "equals | [9007199254740993] | 9007199254740992 | FALSE",
        "equals | [100000000000000000000] | 1e20 | TRUE",
        "equals | [true] | true | TRUE",
        "equals | [true] | false | FALSE",
        "equals | [true] | 'true' | UNKNOWN",
        "equals | ['x'] | {'a':1} | UNKNOWN",
        "in | ['DE','FR'] | 'FR' | TRUE",
        "in | ['DE','FR'] | 'US' | FALSE",
        "in | ['DE',5] | 'US' | UNKNOWN",
        "in | ['DE',5] | 5 | TRUE",
        "contains | ['ell','zzz'] | 'hello' | TRUE",
        "contains | ['ELL'] | 'hello' | FALSE",
        "contains | ['1'] | 1 | UNKNOWN",
        "startsWith | ['he'] | 'hello' | TRUE",
        "startsWith | ['lo'] | 'hello' | FALSE",
        "endsWith | ['lo'] | 'hello' | TRUE",
        "endsWith | ['he'] | 'hello' | FALSE",
        "matches | ['l+'] | 'hello' | TRUE",
        "matches | ['^l+$'] | 'hello' | FALSE",
        "matches | ['x','^h'] | 'hello' | TRUE",
        "matches | ['1'] | 1 | UNKNOWN",
        "lessThan | [10] | 9.99 | TRUE",
        "lessThan | [10] | 10 | FALSE",
        "lessThan | [10] | '9' | UNKNOWN",
        "lessThan | [9007199254740993] | 9007199254740992 | TRUE",
        "equals | [0.1234567890123456789] | 0.1234567890123456788 | FALSE",
        "equals | [0.1234567890123456789] | 0.12345678901234567890 | TRUE",
        "greaterThan | [0.1234567890123456788] | 0.1234567890123456789 | TRUE",
        "greaterThan | [0.1] | 0.1000000000000000001 | TRUE",
        "lessThan | [0.1] | 0.1000000000000000001 | FALSE",
        "equals | [0] | 1e-400 | FALSE",
        "greaterThan | [0] | 1e-400 | TRUE",
        "lessThan | [0] | -1e-400 | TRUE",
        "lessThan | [1e-400] | 1e-401 | TRUE",
        "equals | [1e23] | 100000000000000000000000 | TRUE",
        "equals | [9007199254740993.0] | 9007199254740992.0 | FALSE",
        "equals | [9007199254740993.0] | 9007199254740993 | TRUE",
        "equals | [5e-324] | 4.9e-324 | FALSE",
        "equals | [-0.0] | 0 | TRUE",
        "lessThan | [1e300] | 9007199254740992 | TRUE",
        "lessOrEqual | [10] | 10.0 | TRUE",
        "lessOrEqual | [10] | 10.5 | FALSE",
        "greaterThan | [10] | 10.5 | TRUE",
        "greaterThan | [10] | 10 | FALSE",
        "greaterThan | [100,10] | 50 | TRUE",
        "greaterOrEqual | [10] | 10 | TRUE",
        "greaterOrEqual | [10] | -10 | FALSE",
        "before | ['2024-01-01T00:00:00Z'] | '2023-12-31T23:59:59.999Z' | TRUE",
        "before | ['2024-01-01T00:00:00Z'] | '2024-01-01T00:00:00Z' | FALSE",
        "before | ['2024-01-01T00:00:00Z'] | '2024-01-01T01:00:00+02:00' | TRUE",
        "before | ['2024-01-01T00:00:00Z'] | 1704067199999 | TRUE",
        "before | ['2024-01-01T00:00:00Z'] | 'yesterday' | UNKNOWN",
        "before | ['2024-01-01T00:00:00Z'] | '2023-02-30T00:00:00Z' | UNKNOWN",
        "before | ['2024-01-01T00:00:00Z'] | '2023-01-01' | TRUE",
        "before | ['2024-01-01'] | '2023-12-31T23:59:59.999Z' | TRUE",
        "before | ['2024-01-01'] | '2024-01-01T00:00Z' | FALSE",
        "before | ['2024-01-01T00:00:00Z'] | '2023-01-01T10:00:00' | UNKNOWN",
        "before | ['2024-01-01T00:00:00Z'] | '2023-01-01 10:00' | UNKNOWN",
        "before | ['2024-01-01T00:00:00Z'] | '2023-02-30' | UNKNOWN",
        "before | ['2024-01-01T00:00:00Z'] | true | UNKNOWN",
        "after | [1704067200000] | '2024-01-01T00:00:00.001Z' | TRUE",
        "after | [1704067200000] | 1704067200000 | FALSE",
        "semverEquals | ['1.2.3'] | '1.2.3+build.5' | TRUE",
        "semverEquals | ['1.2.3'] | '1.2.3-rc.1' | FALSE",
        "semverEquals | ['1.0.0-dev.0f3a9c1'] | '1.0.0-dev.0f3a9c1' | TRUE",
        "semverLess | ['1.0.0-rc.0abc'] | '1.0.0-rc.0' | TRUE",
        "semverLess | ['1.0.0-a.0-b'] | '1.0.0-a.0-a' | TRUE",
        "semverEquals | ['1.2.3'] | '1.2.3-rc.01' | UNKNOWN",
        "semverEquals | ['1.2.0'] | '1.2' | TRUE",
        "semverEquals | ['1.2.3'] | '1.2' | FALSE",
        "semverEquals | ['1'] | 'v1.0.0' | TRUE",
        "semverEquals | ['v1.2.3'] | '1.2.3' | TRUE",
        "semverEquals | ['10.155'] | '10.155.0' | TRUE",
        "semverEquals | ['1.2.3'] | '1.2.3.4' | UNKNOWN",
        "semverEquals | ['1.2.3'] | '01.2.3' | UNKNOWN",
        "semverEquals | ['1.2.3'] | '2024-01-15' | UNKNOWN",
        "semverEquals | ['1.2.3'] | '1.2.3-01' | UNKNOWN",
        "semverEquals | ['1.2.3'] | 'vv1.2.3' | UNKNOWN",
        "semverEquals | ['1.2.3'] | '' | UNKNOWN",
        "semverEquals | ['1.2.3'] | 1 | UNKNOWN",
        "semverEquals | ['1.2.3'] | '1.2.3-99999999999999999999' | FALSE",
        "semverLess | ['1.0.2147483648'] | '1.0.2147483647' | TRUE",
        "semverGreater | ['1.0.2147483647'] | '1.0.2147483648' | TRUE",
        "semverLess | ['100000000000000000000.0.0'] | '99999999999999999999.9.9' | TRUE",
        "semverLess | ['1.0.0-100000000000000000000'] | '1.0.0-99999999999999999999' | TRUE",
        "semverLess | ['1.0.0-alpha.1'] | '1.0.0-alpha' | TRUE",
        "semverLess | ['1.0.0-alpha.beta'] | '1.0.0-alpha.1' | TRUE",
        "semverLess | ['1.0.0-beta.11'] | '1.0.0-beta.2' | TRUE",
        "semverLess | ['1.0.0-rc.1'] | '1.0.0-beta.11' | TRUE",
        "semverLessOrEqual | ['1.2'] | '1.2.0' | TRUE",
        "semverLessOrEqual | ['1.2'] | '1.2.1' | FALSE",
        "semverGreaterOrEqual | ['v2.3'] | '2.3.0+build' | TRUE",
        "semverGreaterOrEqual | ['2.3.0'] | '2.3.0-rc.1' | FALSE",
        "semverGreaterOrEqual | ['2.3.0'] | 2.3 | UNKNOWN",
        "equalsIgnoreCase | ['Alice@Example.ORG'] | 'alice@example.org' | TRUE",
        "equalsIgnoreCase | ['ÄÖÜ','x'] | 'äöü' | TRUE",
        "equalsIgnoreCase | ['ΟΔΟΣ'] | 'οδος' | TRUE",
        "equalsIgnoreCase | ['straße'] | 'STRASSE' | FALSE",
        "equalsIgnoreCase | ['a'] | 5 | UNKNOWN",
        "equalsIgnoreCase | ['a'] | ['b','A'] | TRUE",
        "containsIgnoreCase | ['ELL'] | 'hello' | TRUE",
        "containsIgnoreCase | ['@Example.'] | 'bob@EXAMPLE.org' | TRUE",
        "containsIgnoreCase | ['x'] | 'hello' | FALSE",
        "containsIgnoreCase | ['x'] | true | UNKNOWN",
        "semverLess | ['1.10.0'] | '1.9.0' | TRUE",
        "semverLess | ['1.0.0'] | '1.0.0-rc.1' | TRUE",
        "semverLess | ['1.0.0-rc.10'] | '1.0.0-rc.9' | TRUE",
        "semverLess | ['1.0.0'] | '1.0.0' | FALSE",
        "semverGreater | ['1.9.0'] | '1.10.0' | TRUE",
        "semverGreater | ['1.9.0'] | '1.8.9' | FALSE",
        "inCidr | ['10.0.0.0/8'] | '10.255.1.2' | TRUE",
        "inCidr | ['10.1.2.3/8'] | '10.255.1.2' | TRUE",
        "inCidr | ['10.0.0.0/8'] | '11.0.0.1' | FALSE",
        "inCidr | ['10.0.0.0/8'] | '::ffff:10.0.0.1' | TRUE",
        "inCidr | ['::ffff:10.0.0.0/104'] | '::ffff:10.1.2.3' | TRUE",
        "inCidr | ['::ffff:10.0.0.0/104'] | '10.1.2.3' | TRUE",
        "inCidr | ['::ffff:10.9.9.9/104'] | '10.1.2.3' | TRUE",
        "inCidr | ['::ffff:10.0.0.0/104'] | '11.0.0.1' | FALSE",
        "inCidr | ['::ffff:0:0/96'] | '192.0.2.1' | TRUE",
        "inCidr | ['::ffff:0:0/96'] | '2001:db8::1' | FALSE",
        "inCidr | ['::ffff:10.0.0.1/128'] | '10.0.0.1' | TRUE",
        "inCidr | ['::ffff:0:0/90'] | '::1:2:3' | FALSE",
        "inCidr | ['10.0.0.0/8'] | '2001:db8::1' | FALSE",
        "inCidr | ['2001:db8::/32','10.0.0.7'] | '2001:db8:1::1' | TRUE",
        "inCidr | ['2001:db8::/32','10.0.0.7'] | '10.0.0.7' | TRUE",
        "inCidr | ['0.0.0.0/0'] | '10.0.0.7' | TRUE",
        "inCidr | ['10.0.0.0/8'] | 'localhost' | UNKNOWN",
        "inCidr | ['10.0.0.0/8'] | '10.0.0.0/8' | UNKNOWN",
        "inCidr | ['10.0.0.0/8'] | '10.1' | UNKNOWN",
        "inCidr | ['10.0.0.0/8'] | '' | UNKNOWN",
        "inCidr | ['10.0.0.0/8'] | '*' | UNKNOWN",
        "inCidr | ['10.0.0.0/8'] | 10 | UNKNOWN",
      })
  void eachComparesAsItSays(String operator, String values, String attribute, Truth expected) {
    assertThat(test(operator, values, "{'x':" + attribute + "}")).isEqualTo(expected);
  }

  /// One instant, as Java, JavaScript, Python and Go print it unless told otherwise.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-08-21T10:01Z",
        "2026-08-21T10:01:00Z",
        "2026-08-21T10:01:00.000Z",
        "2026-08-21t10:01:00z",
        "2026-08-21T12:01+02:00",
        "2026-08-21T12:01+02:00[Europe/Berlin]",
        "2026-08-21T12:01:00.000000+02:00[Europe/Berlin]",
        "2026-08-21T10:01Z[UTC]",
        "2026-08-21 10:01:00+00:00",
        "2026-08-21 10:01:00.000000+00:00",
        "2026-08-21 12:01:00+0200",
        "2026-08-21T12:01:00+0200",
        "2026-08-21 12:01:00+02",
        "2026-08-21 10:01:00 +0000 UTC",
        "2026-08-21 12:01:00 +0200 CEST",
        "2026-08-21 15:31:00 +0530 +0530",
        "2026-08-21 10:01:00.000000000 +0000 UTC m=+0.000012345",
        "2026-08-21T10:01:00.000000000000Z"
      })
  void oneInstantIsItselfHoweverALanguagePrintsIt(String text) {
    var at = Instant.parse("2026-08-21T10:01:00Z").toEpochMilli();
    var context = "{'x':'" + text + "'}";
    assertThat(test("before", "[" + (at + 1) + "]", context)).isEqualTo(Truth.TRUE);
    assertThat(test("after", "[" + (at - 1) + "]", context)).isEqualTo(Truth.TRUE);
    assertThat(test("after", "['" + text + "']", "{'x':" + (at + 1) + "}")).isEqualTo(Truth.TRUE);
    assertThat(test("before", "['" + text + "']", "{'x':" + at + "}")).isEqualTo(Truth.FALSE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2016-12-31T23:59:60Z",
        "2016-12-31T23:59:60.7Z",
        "2017-01-01T05:29:60+05:30",
        "2016-12-31 15:59:60 -0800"
      })
  void aLeapSecondIsTheLastInstantOfItsDay(String text) {
    var context = "{'x':'" + text + "'}";
    assertThat(test("before", "['2017-01-01T00:00:00Z']", context)).isEqualTo(Truth.TRUE);
    assertThat(test("after", "['2016-12-31T23:59:59.99Z']", context)).isEqualTo(Truth.TRUE);
    assertThat(test("after", "['" + text + "']", "{'x':'2017-01-01T00:00:00Z'}"))
        .isEqualTo(Truth.TRUE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-08-21T10:01",
        "2026-08-21 10:01:00",
        "2026-08-21T10:01:00+25:00",
        "2026-08-21T24:01:00Z",
        "2026-08-21T10:01:60Z",
        "2026-08-21T23:59:61Z",
        "2016-12-31T23:59:60+01:00",
        "2026-08-21T10:01:00Z[",
        "2026-08-21T10",
        "21.08.2026",
        "2026-8-1",
        " 2026-08-21",
        ""
      })
  void textThatIsNoPointInTimeIsUnknown(String text) {
    assertThat(test("before", "[99999999999999]", "{'x':'" + text + "'}")).isEqualTo(Truth.UNKNOWN);
  }

  /// npm's own examples of tilde and caret, and its rule for pre-releases.
  @ParameterizedTest
  @CsvSource({
    "semverTilde, 1.2.3, 1.2.3, TRUE",
    "semverTilde, 1.2.3, 1.2.99, TRUE",
    "semverTilde, 1.2.3, 1.2.2, FALSE",
    "semverTilde, 1.2.3, 1.3.0, FALSE",
    "semverTilde, 1.2, 1.2.0, TRUE",
    "semverTilde, 1.2, 1.3.0, FALSE",
    "semverTilde, 1, 1.9.9, TRUE",
    "semverTilde, 1, 2.0.0, FALSE",
    "semverTilde, 0.2.3, 0.2.9, TRUE",
    "semverTilde, 0, 0.9.9, TRUE",
    "semverTilde, 0, 1.0.0, FALSE",
    "semverTilde, 1.2.3-beta.2, 1.2.3-beta.4, TRUE",
    "semverTilde, 1.2.3-beta.2, 1.2.3-beta.1, FALSE",
    "semverTilde, 1.2.3-beta.2, 1.2.4-beta.2, FALSE",
    "semverTilde, 1.2.3-beta.2, 1.2.4, TRUE",
    "semverTilde, 1.2.3, 1.2.4-beta, FALSE",
    "semverTilde, 1.2.3, 1.3.0-0, FALSE",
    "semverCaret, 1.2.3, 1.99.0, TRUE",
    "semverCaret, 1.2.3, 2.0.0, FALSE",
    "semverCaret, 1.2.3, 1.2.2, FALSE",
    "semverCaret, 0.2.3, 0.2.9, TRUE",
    "semverCaret, 0.2.3, 0.3.0, FALSE",
    "semverCaret, 0.0.3, 0.0.3, TRUE",
    "semverCaret, 0.0.3, 0.0.4, FALSE",
    "semverCaret, 1.2.3-beta.2, 1.2.3-beta.4, TRUE",
    "semverCaret, 1.2.3-beta.2, 1.2.4-beta.2, FALSE",
    "semverCaret, 0.0.3-beta, 0.0.3-pr.2, TRUE",
    "semverCaret, 1.2, 1.9.0, TRUE",
    "semverCaret, 0.0, 0.0.9, TRUE",
    "semverCaret, 0.0, 0.1.0, FALSE",
    "semverCaret, 0.1, 0.1.5, TRUE",
    "semverCaret, 0.1, 0.2.0, FALSE",
    "semverCaret, 0, 0.9.0, TRUE",
    "semverCaret, 0, 1.0.0, FALSE",
    "semverCaret, 1, 1.9.0, TRUE",
    "semverCaret, 2.0.0, 2.0.0-rc.1, FALSE",
    "semverCaret, 1.2.3, 2.0.0-rc.1, FALSE",
    "semverCaret, 1.2.3, not-a-version, UNKNOWN",
    "semverCaret, 99999999999.0.0, 99999999999.5.0, TRUE",
    "semverCaret, 99999999999.0.0, 100000000000.0.0, FALSE",
    "semverCaret, v1.2.3, 1.9, TRUE",
    "semverTilde, 1.2, v1.2.9, TRUE",
  })
  void tildeAndCaretAreNpms(String operator, String range, String version, Truth expected) {
    assertThat(test(operator, "['" + range + "']", "{'x':'" + version + "'}")).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "equals | ['a'] | [] | FALSE",
        "equals | ['a'] | ['b','a',5] | TRUE",
        "equals | ['a'] | ['b',5] | UNKNOWN",
        "equals | ['a'] | ['b',null] | UNKNOWN",
        "equals | ['a'] | ['b',['a']] | UNKNOWN",
        "equals | ['a'] | ['b','c'] | FALSE",
        "greaterThan | [5] | [1,2,7] | TRUE",
        "greaterThan | [5] | [1,'x'] | UNKNOWN",
        "notIn | ['a'] | [] | TRUE",
        "notIn | ['a'] | ['b','a'] | FALSE",
        "notIn | ['a'] | ['b',5] | UNKNOWN",
        "exists | | [] | TRUE",
      })
  void listsAreTrueIfAnyElementIs(
      String operator, String values, String attribute, Truth expected) {
    assertThat(test(operator, values, "{'x':" + attribute + "}")).isEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource(Operator.class)
  void onlyExistsAndNotExistsSeeAbsence(Operator operator) {
    var values = OperatorSamples.valuesOf(operator);
    for (var context : new String[] {"{}", "{'x':null}", "{'y':{'x':1}}"}) {
      assertThat(test(operator.wire(), values, context))
          .as(context)
          .isEqualTo(
              switch (operator) {
                case EXISTS -> Truth.FALSE;
                case NOT_EXISTS -> Truth.TRUE;
                default -> Truth.UNKNOWN;
              });
    }
  }

  @ParameterizedTest
  @CsvSource({"equals,notEquals", "in,notIn", "exists,notExists"})
  void negativesAreTheKleeneNotOfTheirPositives(String positive, String negative) {
    var values = positive.equals("exists") ? null : "['a',1]";
    for (var attribute :
        new String[] {"null", "'a'", "'b'", "1", "2", "true", "[]", "['a']", "['b']", "{}"}) {
      var context = "{'x':" + attribute + "}";
      assertThat(test(negative, values, context))
          .as(context)
          .isEqualTo(test(positive, values, context).not());
    }
  }

  @Test
  void emptyTargetingKeyDoesNotExist() {
    var condition = Given.condition("{'attribute':'targetingKey','op':'exists'}");
    var run = new EvaluationRun(Ruleset.EMPTY, Given.context("{'targetingKey':''}"), Facts.NONE);
    assertThat(Matchers.compile(condition).test(run)).isEqualTo(Truth.FALSE);
  }

  @Test
  void pathsReachIntoNestedObjects() {
    var condition =
        Given.condition("{'attribute':'organization.plan','op':'equals','values':['pro']}");
    var run =
        new EvaluationRun(
            Ruleset.EMPTY, Given.context("{'organization':{'plan':'pro'}}"), Facts.NONE);
    assertThat(Matchers.compile(condition).test(run)).isEqualTo(Truth.TRUE);
  }

  /// Operator and a value that it cannot take.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "equals|null",
        "equals|[]",
        "equals|{}",
        "in|null",
        "contains|5",
        "startsWith|true",
        "endsWith|{}",
        "matches|5",
        "matches|'('",
        "matches|'(?=x)'",
        "matches|'\\\\1'",
        "matches|'((a{100}){100}){100}'",
        "matches|'(.{0,1000}){0,1000}'",
        "lessThan|'5'",
        "lessOrEqual|true",
        "greaterThan|null",
        "greaterOrEqual|'x'",
        "before|'2024-01-32'",
        "before|'2024-01-01T10:00:00'",
        "equalsIgnoreCase|5",
        "containsIgnoreCase|true",
        "semverGreaterOrEqual|'1.x'",
        "before|'soon'",
        "after|true",
        "after|'2024-13-01T00:00:00Z'",
        "semverEquals|'1.2.3.4'",
        "semverLess|1",
        "semverGreater|'x'",
        "semverTilde|'>=1.2'",
        "semverTilde|'1.x'",
        "semverCaret|''",
        "semverCaret|1",
        "inCidr|'10.0.0.0/33'",
        "inCidr|'10.0.0.0/255.0.0.0'",
        "inCidr|'example.com'",
        "inCidr|'*'",
        "inCidr|''",
        "inCidr|'/8'",
        "inCidr|'10.0.0.0-10.0.0.9'",
        "inCidr|10",
        "inCidr|'10.*.0.0'",
        "inCidr|'fe80::1%eth0'",
        "inCidr|'10.1/16'",
      })
  void valuesOfAnotherTypeAreRefusedWithTheirPath(String operatorAndValue) {
    var parts = operatorAndValue.split("\\|", 2);
    var condition = "{'attribute':'x','op':'%s','values':[%s]}".formatted(parts[0], parts[1]);
    var errors = new FieldErrors();
    var _ = Condition.read(Given.json(condition), "when", errors);
    assertThat(errors.list())
        .singleElement()
        .satisfies(e -> assertThat(e.path()).isEqualTo("when.values[0]"));
  }

  @Test
  void longPatternIsRefused() {
    var errors = new FieldErrors();
    var node = Json.object().put("attribute", "x").put("op", "matches");
    node.putArray("values").add("a".repeat(1_000)).add("a".repeat(1_001));
    var _ = Condition.read(node, "", errors);
    assertThat(Given.texts(errors))
        .containsExactly("values[1]: is a pattern longer than 1000 characters");
  }

  static Truth test(String operator, String values, String context) {
    var node = Json.object().put("attribute", "x").put("op", operator);
    if (values != null) {
      node.set("values", Given.json(values));
    }
    return Matchers.compile(Condition.fromJson(node))
        .test(new EvaluationRun(Ruleset.EMPTY, Given.context(context), Facts.NONE));
  }
}
