package dev.stitchd.ruleset;

import static dev.stitchd.ruleset.Given.flag;
import static dev.stitchd.ruleset.Given.ruleset;
import static dev.stitchd.ruleset.Given.segment;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.FieldErrors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RulesetCheckTest {

  @Test
  void soundRulesetHasNoErrors() {
    var rules =
        ruleset(
            flag("a", "{'prerequisites':[{'flag':'b','variants':['on']}]}"),
            flag("b", "{'rules':[" + rule("{'segment':'s'}") + "]}"),
            segment("s", "{'any':[]}"));
    assertThat(check(rules, "a", "b")).isEmpty();
  }

  @Test
  void unknownNamesAreNotedWhereTheyStand() {
    var rules =
        ruleset(
            flag(
                "a",
                """
                {'prerequisites':[{'flag':'gone','variants':['on']},{'flag':'b','variants':['on','blue']}],
                 'rules':[{'id':'r','when':{'all':[{'not':{'segment':'nobody'}},{'flag':'b','variants':['x']}]},'serve':{'variant':'on'}}]}\
                """),
            flag("b", "{}"));
    assertThat(check(rules, Map.of(ItemName.flag("a"), "")))
        .containsExactly(
            "prerequisites[0]: unknown flag 'gone'",
            "prerequisites[1]: flag 'b': unknown variant 'blue'; the flag has on, off",
            "rules[0].when.all[0].not: unknown segment 'nobody'",
            "rules[0].when.all[1]: flag 'b': unknown variant 'x'; the flag has on, off");
    assertThat(check(rules, Map.of(ItemName.flag("a"), "changes[3].targeting")))
        .first()
        .isEqualTo("changes[3].targeting.prerequisites[0]: unknown flag 'gone'");
  }

  @Test
  void prerequisiteCycleIsNotedWithItsPath() {
    var rules =
        ruleset(
            flag("checkout", "{'prerequisites':[{'flag':'payments','variants':['on']}]}"),
            flag("payments", "{'rules':[" + rule("{'flag':'checkout','variants':['on']}") + "]}"));
    assertThat(check(rules, "checkout"))
        .containsExactly("prerequisites[0]: makes a cycle: checkout → payments → checkout");
    assertThat(check(rules, "payments"))
        .containsExactly("rules[0].when: makes a cycle: payments → checkout → payments");
  }

  @Test
  void flagThatNeedsItselfIsACycle() {
    var rules = ruleset(flag("a", "{'prerequisites':[{'flag':'a','variants':['on']}]}"));
    assertThat(check(rules, "a")).containsExactly("prerequisites[0]: makes a cycle: a → a");
  }

  @Test
  void segmentCycleIsNotedWithItsPath() {
    var rules =
        ruleset(
            segment("beta", "{'segment':'vip'}"),
            segment("vip", "{'any':[{'segment':'staff'}]}"),
            segment("staff", "{'not':{'segment':'beta'}}"));
    assertThat(check(rules, Map.of(ItemName.segment("vip"), "")))
        .containsExactly("when.any[0]: makes a cycle: vip → staff → beta → vip");
  }

  @Test
  void cycleThroughFlagsAndSegmentsSaysWhichIsWhich() {
    var rules =
        ruleset(
            flag("a", "{'rules':[" + rule("{'segment':'a'}") + "]}"),
            segment("a", "{'flag':'a','variants':['on']}"));
    assertThat(check(rules, "a"))
        .containsExactly("rules[0].when: makes a cycle: flag 'a' → segment 'a' → flag 'a'");
  }

  @Test
  void cycleOfSeveralChangedItemsIsNotedOnce() {
    var rules =
        ruleset(
            flag("a", "{'prerequisites':[{'flag':'b','variants':['on']}]}"),
            flag("b", "{'prerequisites':[{'flag':'a','variants':['on']}]}"));
    assertThat(check(rules, "a", "b")).hasSize(1);
  }

  @Test
  void overlongChainIsRefused() {
    assertThat(check(chain(Limits.CHAIN + 1), "f1")).isEmpty();
    assertThat(check(chain(Limits.CHAIN + 2), "f1"))
        .singleElement()
        .asString()
        .contains("in a row");
    assertThat(check(chain(5_000), "f1")).hasSize(1);
  }

  @Test
  void whatIsUsedCannotBeRemoved() {
    var rules =
        ruleset(
            flag("a", "{'prerequisites':[{'flag':'gone','variants':['on']}]}"),
            segment("s", "{'segment':'nobody'}"));
    var changed = new LinkedHashMap<ItemName, String>();
    changed.put(ItemName.flag("gone"), "x");
    changed.put(ItemName.segment("nobody"), "y");
    assertThat(check(rules, changed))
        .containsExactlyInAnyOrder(
            "x: is used by flag 'a' (prerequisites[0]): unknown flag 'gone'",
            "y: is used by segment 's' (when): unknown segment 'nobody'");
  }

  @Test
  void variantThatIsUsedCannotBeRemoved() {
    var targeting =
        Given.targeting(
            Given.ABC,
            """
            {'offVariant':'c','targets':[{'variant':'c','keys':['u']}],
             'rules':[{'id':'r','when':{'all':[]},'serve':{'rollout':{'weights':{'a':50,'c':50}}}}],
             'default':{'variant':'c'}}\
            """);
    var changed = Flag.of("x", Given.strings("a", "b"), targeting);
    var user = flag("user", "{'prerequisites':[{'flag':'x','variants':['a','c']}]}");
    var message = "unknown variant 'c'; the flag has a, b";
    assertThat(check(ruleset(changed, user), "x"))
        .containsExactly(
            "offVariant: " + message,
            "targets[0].variant: " + message,
            "rules[0].serve.rollout.weights.c: " + message,
            "default.variant: " + message,
            ": is used by flag 'user' (prerequisites[0]): flag 'x': " + message);
  }

  @Test
  void usagesNameEveryPlace() {
    var rules =
        ruleset(
            flag(
                "b",
                """
                {'prerequisites':[{'flag':'x','variants':['on']}],
                 'rules':[{'id':'r','when':{'any':[{'segment':'s'},{'flag':'x','variants':['off']}]},'serve':{'variant':'on'}}]}\
                """),
            flag("x", "{'default':{'variant':'on'}}"),
            segment("s", "{'flag':'x','variants':['on']}"));
    assertThat(RulesetCheck.usagesOf(rules, ItemName.flag("x")))
        .extracting(Usage::toString)
        .containsExactly(
            "flag 'b' (prerequisites[0])", "flag 'b' (rules[0].when.any[1])", "segment 's' (when)");
    assertThat(RulesetCheck.usagesOf(rules, ItemName.segment("s")))
        .extracting(Usage::toString)
        .containsExactly("flag 'b' (rules[0].when.any[0])");
    assertThat(RulesetCheck.usagesOf(rules, ItemName.flag("b"))).isEmpty();
    assertThat(RulesetCheck.usagesOfVariant(rules, "x", "on"))
        .extracting(Usage::toString)
        .containsExactly(
            "flag 'b' (prerequisites[0])", "flag 'x' (default.variant)", "segment 's' (when)");
  }

  private static Ruleset chain(int length) {
    return ruleset(
        IntStream.range(0, length)
            .mapToObj(i ->
                flag(
                    "f" + i,
                    i == 0
                        ? "{}"
                        : "{'prerequisites':[{'flag':'f%d','variants':['off']}]}".formatted(i - 1)))
            .toArray());
  }

  private static String rule(String when) {
    return "{'id':'r','when':" + when + ",'serve':{'variant':'on'}}";
  }

  private static List<String> check(Ruleset candidate, String... flags) {
    var changed = new LinkedHashMap<ItemName, String>();
    for (var flag : flags) {
      changed.put(ItemName.flag(flag), "");
    }
    return check(candidate, changed);
  }

  private static List<String> check(Ruleset candidate, Map<ItemName, String> changed) {
    var errors = new FieldErrors();
    RulesetCheck.check(candidate, changed, errors);
    return Given.texts(errors);
  }

  @Test
  void conditionsThatAreAlwaysOrNeverTrueAreWarnedOf() {
    var item =
        Given.json(
            """
            {'rules':[
              {'when':{'attribute':'a','op':'in','values':['x',1]}},
              {'when':{'all':[]}},
              {'when':{'all':[{'attribute':'a','op':'notIn','values':['x',1]},{'not':{'any':[]}}]}},
              {'when':{'attribute':'a','op':'inCidr','values':['10.0.0.0/8','010.1.0.0/16','2001:db8::/32','10.0.0.0/08','::ffff:010.0.0.1/128']}},
              {'when':{'attribute':'a','op':'notEquals','values':['x','y']}}]}\
            """);
    assertThat(RulesetCheck.warnings(item))
        .extracting(warning -> warning.path() + " " + warning.message().split(",")[0])
        .containsExactly(
            "rules[1].when.all is always true",
            "rules[2].when.all[0].values are of several types",
            "rules[2].when.all[1].not.any is never true",
            "rules[3].when.values[1] has a number with leading zeros",
            "rules[3].when.values[3] has a number with leading zeros",
            "rules[3].when.values[4] has a number with leading zeros");
    var segment = Given.json("{'when':{'any':[]}}");
    assertThat(RulesetCheck.warnings(segment))
        .singleElement()
        .extracting(FieldError::path)
        .isEqualTo("when.any");
    assertThat(RulesetCheck.warnings(Given.json("{'when':null}"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {'attribute':'a','op':'contains','values':['']} | when.values[0] is empty
          {'attribute':'a','op':'startsWith','values':['x','']} | when.values[1] is empty
          {'attribute':'a','op':'matches','values':['']} | when.values[0] is a pattern that is found in every string
          {'attribute':'$now','op':'exists'} | when.op is always true
          {'attribute':'$now','op':'notExists'} | when.op is never true
          {'attribute':'$now','op':'greaterThan','values':[1]} | when.op is never true
          {'attribute':'targetingKey','op':'greaterThan','values':[3]} | when.op is never true
          {'attribute':'targetingKey','op':'equals','values':['']} | when.values are nothing that targetingKey can be: never true
          {'attribute':'targetingKey','op':'in','values':['',5]} | when.values are nothing that targetingKey can be: never true
          {'all':[{'attribute':'a','op':'greaterThan','values':[5]},{'attribute':'a','op':'lessThan','values':[3]}]} | when.all is true for no value of a
          {'all':[{'attribute':'a','op':'greaterThan','values':[5]},{'attribute':'a','op':'lessOrEqual','values':[5]}]} | when.all is true for no value of a
          {'all':[{'attribute':'a','op':'after','values':['2027-01-01']},{'attribute':'a','op':'before','values':['2026-01-01']}]} | when.all is true for no value of a
          """)
  void eachThatIsAlwaysOrNeverTrueIsWarnedOf(String when, String warning) {
    assertThat(RulesetCheck.warnings(Given.json("{\"when\":" + when + "}")))
        .extracting(found -> found.path() + " " + found.message().split(",")[0])
        .containsExactly(warning);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'attribute':'targetingKey','op':'in','values':['','a']}",
        "{'attribute':'$now','op':'after','values':['2027-01-01']}",
        "{'attribute':'a','op':'equals','values':['']}",
        "{'all':[{'attribute':'a','op':'greaterOrEqual','values':[5]},{'attribute':'a','op':'lessOrEqual','values':[5]}]}",
        "{'all':[{'attribute':'a','op':'greaterThan','values':[5,1]},{'attribute':'a','op':'lessThan','values':[3]}]}",
        "{'all':[{'attribute':'a','op':'greaterThan','values':[5]},{'attribute':'b','op':'lessThan','values':[3]}]}"
      })
  void whatCanBeTrueAndFalseIsNotWarnedOf(String when) {
    assertThat(RulesetCheck.warnings(Given.json("{\"when\":" + when + "}"))).isEmpty();
  }
}
