package dev.stitchd.flagd.compile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.FlagShape;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.Segment;
import dev.stitchd.ruleset.Targeting;
import dev.stitchd.ruleset.ValueType;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class FlagSetsTest {

  private static final FlagShape ON_OFF =
      FlagShape.read(ValueType.BOOLEAN, null, false, new FieldErrors());

  private final Map<String, Flag> flags = new HashMap<>();
  private final Map<String, Segment> segments = new HashMap<>();
  private final Map<String, ListedKeys> members = new HashMap<>();

  @Test
  void aFlagThatIsOffGivesItsOffVariantWithoutTargeting() {
    flag("f", "{'enabled': false, 'rules': [], 'default': {'variant': 'on'}}");

    assertThat(json().at("/flags/f"))
        .isEqualTo(
            parse("{'state':'ENABLED','variants':{'on':true,'off':false},'defaultVariant':'off'}"));
  }

  @Test
  void aRuleBecomesABranchAndTheDefaultStaysTheDefault() {
    flag("f", rule("{'attribute':'plan','op':'equals','values':['pro']}", "{'variant':'on'}"));

    assertThat(json().at("/flags/f/targeting"))
        .isEqualTo(
            parse(
                "{'if':[{'some':[{'merge':[{'var':'plan'},[]]},{'and':[{'and':[{'!==':[{'var':''},null]},"
                    + "{'===':[{'cat':[{'var':''}]},{'var':''}]}]},{'in':[{'var':''},['pro']]}]}]},'on',null]}"));
    assertThat(json().at("/flags/f/defaultVariant").stringValue()).isEqualTo("off");
  }

  @Test
  void whatCannotBeSaidIsLeftOutAndNamedWithItsPlace() {
    flag("plain", "{}");
    flag(
        "f",
        rule(
            "{'all':[{'attribute':'plan','op':'exists'},{'not':{'attribute':'email','op':'matches','values':['x$']}}]}",
            "{'variant':'on'}"));

    assertThat(set().leftOut())
        .containsExactly(
            Map.entry(
                "f",
                java.util.List.of(
                    new LeftOut(
                        "rules[0].when.all[1].not",
                        "flagd has nothing like the operator matches"))));
    assertThat(FlagSets.leftOut(Ruleset.of(flags, segments), members, "f"))
        .isEqualTo(set().leftOut().get("f"));
    assertThat(FlagSets.leftOut(Ruleset.of(flags, segments), members, "plain")).isEmpty();
    assertThat(json().get("flags").propertyNames()).containsExactly("plain");
    assertThat(json().get("metadata")).isEqualTo(parse("{'flagSetId':'shop','leftOut':'f'}"));
  }

  @Test
  void whatNamesSomethingThatCannotBeSaidIsLeftOutToo() {
    segment("s", "{'attribute':'ip','op':'inCidr','values':['10.0.0.0/8']}");
    flag("parent", rule("{'segment':'s'}", "{'variant':'on'}"));
    flag("child", "{'prerequisites':[{'flag':'parent','variants':['on']}]}");

    assertThat(set().leftOut().get("child"))
        .containsExactly(
            new LeftOut(
                "prerequisites[0]",
                "flag 'parent' at rules[0].when: segment 's' at when: flagd has nothing like the operator inCidr"));
  }

  @Test
  void whatCannotMatterKeepsNoFlagOut() {
    var pattern = "{'attribute':'email','op':'matches','values':['x']}";
    flag("never", rule("{'all':[{'any':[]}," + pattern + "]}", "{'variant':'on'}"));
    flag("off", "{'enabled':false,'rules':[]}");
    flag(
        "behind",
        "{'prerequisites':[{'flag':'off','variants':['off']}],"
            + rule(pattern, "{'variant':'on'}").substring(1));

    assertThat(set().leftOut()).isEmpty();
    assertThat(json().at("/flags/never").has("targeting")).isFalse();
    assertThat(json().at("/flags/behind").has("targeting")).isFalse();
  }

  @Test
  void aListWhoseMembersStayOnTheServerLeavesOutWhatAsksForIt() {
    segments.put("vip", Segment.of("vip", "user", null, new Segment.ListVersion(1, 1)));
    flag("f", rule("{'segment':'vip'}", "{'variant':'on'}"));

    assertThat(set().leftOut().get("f"))
        .containsExactly(
            new LeftOut(
                "rules[0].when",
                "segment 'vip': the members of its list stay on the server: there are too many for a set"));

    members.put("vip", new ListedKeys(Set.of("u2", "u1"), Set.of()));

    assertThat(set().leftOut()).isEmpty();
    assertThat(set().json()).contains("[\"u1\",\"u2\"]");
  }

  /// Its name has no dot: Java takes one for any character.
  @Test
  void aSegmentIsWrittenOnceAndReferredTo() {
    segment("be.ta", "{'attribute':'plan','op':'in','values':['pro','team']}");
    flag("f", rule("{'segment':'be.ta'}", "{'variant':'on'}"));
    flag("g", rule("{'not':{'segment':'be.ta'}}", "{'variant':'on'}"));

    assertThat(json().get("$evaluators").propertyNames())
        .containsExactly("in~be~ta", "not-in~be~ta");
    assertThat(json().at("/flags/f/targeting/if/0")).isEqualTo(parse("{'$ref':'in~be~ta'}"));
    assertThat(json().at("/flags/g/targeting/if/0")).isEqualTo(parse("{'$ref':'not-in~be~ta'}"));
  }

  /// Python's engine fails at the whole set if an evaluator holds a backslash, and JavaScript's
  /// writes something else for a dollar.
  @Test
  void aSegmentWithSignsThatEnginesTakeForMoreIsWrittenOut() {
    segment("s", "{'attribute':'plan','op':'in','values':['$&','caf\u00e9']}");
    segment("outer", "{'segment':'s'}");
    flag("f", rule("{'segment':'s'}", "{'variant':'on'}"));
    flag("g", rule("{'segment':'outer'}", "{'variant':'on'}"));

    assertThat(json().get("$evaluators").propertyNames()).isEmpty();
    assertThat(set().json()).doesNotContain("$ref");
  }

  @Test
  void aRolloutHasTheSlotsAsWeightsAndAsksForTheHash() {
    flag("f", "{'default':{'rollout':{'weights':{'on':30,'off':70}}}}");

    assertThat(json().at("/flags/f/targeting/if/1/if/1"))
        .isEqualTo(
            parse(
                "{'fractional':[{'cat':['salt:',{'var':'targetingKey'}]},['on',30000],['off',70000]]}"));
    assertThat(json().at("/flags/f/targeting/if/0/===/0/fractional/0"))
        .isEqualTo(parse("{'cat':['stitchd','']}"));
    assertThat(json().at("/flags/f/targeting/if/2").stringValue()).isEqualTo(FlagSets.NOT_HERE);
    assertThat(json().at("/flags/f/defaultVariant").stringValue()).isEqualTo("off");
  }

  @Test
  void namesThatEnginesReadDifferentlyLeaveTheFlagOut() {
    for (var path :
        new String[] {
          "\\\"a.b\\\"", "a.length", "constructor", "a.0", "a\\\\b", "$flagd.flagKey"
        }) {
      flags.clear();
      flag("f", rule("{'attribute':'" + path + "','op':'exists'}", "{'variant':'on'}"));

      assertThat(set().leftOut()).as(path).containsKey("f");
    }
  }

  @Test
  void numbersAndVersionsBeyondWhatAllEnginesCountToLeaveTheFlagOut() {
    for (var test :
        new String[] {
          "'op':'equals','values':[9007199254740993]",
          "'op':'lessThan','values':[1e300]",
          "'op':'equals','values':[0.1234567890123456789]",
          "'op':'semverGreater','values':['20250101123456789.0.0']",
          "'op':'startsWith','values':['\uD83D\uDE00']",
          "'op':'before','values':['2025-01-01']"
        }) {
      flags.clear();
      flag("f", rule("{'attribute':'a'," + test + "}", "{'variant':'on'}"));

      assertThat(set().leftOut()).as(test).containsKey("f");
    }
  }

  @Test
  void aFlagWithAListForAValueIsLeftOut() {
    var errors = new FieldErrors();
    var shape = FlagShape.read(ValueType.JSON, parse("{'a':{},'b':[]}"), false, errors);
    flags.put("f", Flag.of("f", shape, Targeting.initial(shape)));

    assertThat(set().leftOut().get("f"))
        .containsExactly(
            new LeftOut("", "the variant 'b' is a list, and flagd takes only objects"));
  }

  /// Each flag names the one before it twice, so that written out it doubles.
  @Test
  void aFlagThatGrowsWithoutEndIsLeftOutBeforeItIsWritten() {
    flag("f00", rule("{'attribute':'plan','op':'exists'}", "{'variant':'on'}"));
    for (int i = 1; i < 40; i++) {
      var parent = "{'flag':'f%02d','variants':['on']}".formatted(i - 1);
      flag(
          "f%02d".formatted(i),
          rule("{'any':[" + parent + "," + parent + "]}", "{'variant':'on'}"));
    }

    var set = set();

    assertThat(set.leftOut().get("f39").toString()).contains("larger than 262144 characters");
    assertThat(set.json().length()).isLessThan(4 * FlagSets.FLAG_SIZE);
  }

  @Test
  void aFlagWithAWholeNumberThatJavaScriptRoundsIsLeftOut() {
    var errors = new FieldErrors();
    var shape =
        FlagShape.read(
            ValueType.JSON,
            parse("{'a':{'n':[9007199254740992]},'b':{'id':9007199254740993}}"),
            false,
            errors);
    flags.put("f", Flag.of("f", shape, Targeting.initial(shape)));

    assertThat(set().leftOut().get("f"))
        .containsExactly(
            new LeftOut(
                "", "the variant 'b' has a whole number that JavaScript reads as another one"));
  }

  /// Together deeper than JSON may be written; each of them may be saved.
  @Test
  void segmentsThatAreDeepTogetherKeepOutNoOtherFlag() {
    for (int i = 0; i < 15; i++) {
      var inner = i == 14 ? "{'attribute':'a','op':'exists'}" : "{'segment':'s" + (i + 1) + "'}";
      for (int deep = 0; deep < 19; deep++) {
        var group = deep % 2 == 0 ? "all" : "any";
        inner = "{'%s':[{'attribute':'a%d','op':'exists'},%s]}".formatted(group, deep, inner);
      }
      segment("s" + i, inner);
    }
    flag("deep", rule("{'segment':'s0'}", "{'variant':'on'}"));
    flag("other", rule("{'attribute':'plan','op':'exists'}", "{'variant':'on'}"));

    var set = set();

    assertThat(set.leftOut()).containsOnlyKeys("deep");
    assertThat(set.leftOut().get("deep").toString()).contains("nest deeper than 100 operators");
    assertThat(parse(set.json()).get("flags").propertyNames()).containsExactly("other");
  }

  @Test
  void evaluatorsOfFlagsThatAreLeftOutAreNotSent() {
    segment("large", "{'attribute':'plan','op':'in','values':['pro','team','enterprise','trial']}");
    flag(
        "out",
        rule(
            "{'all':[{'segment':'large'},{'attribute':'plan','op':'matches','values':['x']}]}",
            "{'variant':'on'}"));
    assertThat(set().json()).doesNotContain("in~large");

    flag("in", rule("{'segment':'large'}", "{'variant':'on'}"));
    assertThat(set().json()).contains("\"in~large\":");
  }

  @Test
  void theSameRulesetGivesTheSameText() {
    var random = new RandomRuleset(7, true);

    assertThat(FlagSets.compile(random.ruleset(), random.members(), "x").json())
        .isEqualTo(
            FlagSets.compile(new RandomRuleset(7, true).ruleset(), random.members(), "x").json());
  }

  private FlagSet set() {
    return FlagSets.compile(Ruleset.of(flags, segments), members, "shop");
  }

  private JsonNode json() {
    return Json.parseOwn(set().json());
  }

  private void flag(String key, String fields) {
    var body = Targeting.initial(ON_OFF).toJson().put("enabled", true);
    body.setAll((ObjectNode) parse(fields));
    var errors = new FieldErrors();
    var read = Targeting.read(body, "", ON_OFF, null, () -> "salt", errors);
    errors.throwIfAny();
    flags.put(key, Flag.of(key, ON_OFF, read.targeting()));
  }

  private void segment(String key, String when) {
    segments.put(
        key, Segment.of(key, "user", dev.stitchd.ruleset.Condition.fromJson(parse(when)), null));
  }

  private static String rule(String when, String serve) {
    return "{'rules':[{'id':'r','when':" + when + ",'serve':" + serve + "}]}";
  }

  private static JsonNode parse(String text) {
    return Json.parseOwn(text.replace('\'', '"'));
  }
}
