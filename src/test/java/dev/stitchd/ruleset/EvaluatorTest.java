package dev.stitchd.ruleset;

import static dev.stitchd.ruleset.Given.context;
import static dev.stitchd.ruleset.Given.flag;
import static dev.stitchd.ruleset.Given.list;
import static dev.stitchd.ruleset.Given.ruleset;
import static dev.stitchd.ruleset.Given.segment;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.ruleset.rollout.Bucketing;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.Test;

class EvaluatorTest {

  private static final String DE = "{'attribute':'country','op':'in','values':['DE']}";
  private static final EvaluationContext ALICE =
      context("{'targetingKey':'alice','country':'DE','organization':{'key':'acme'}}");
  private static final String HALVES = "{'rollout':{'weights':{'on':50,'off':50}}}";

  // ---- each row of the table

  @Test
  void unknownFlagIsNotFound() {
    assertThat(evaluate(Ruleset.EMPTY, "x"))
        .isEqualTo(
            new Evaluation(
                "x", null, Reason.ERROR, null, null, null, false, null, ErrorCode.FLAG_NOT_FOUND));
  }

  @Test
  void disabledFlagGivesItsOffVariant() {
    var flag = flag("x", "{'enabled':false,'default':{'variant':'on'}}");
    assertThat(evaluate(ruleset(flag), "x")).satisfies(gives("off", Reason.DISABLED, null));
  }

  @Test
  void flagWithoutRulesTargetsOrPrerequisitesIsStatic() {
    var evaluation = evaluate(ruleset(flag("x", "{'default':{'variant':'on'}}")), "x");
    assertThat(evaluation).satisfies(gives("on", Reason.STATIC, null));
    assertThat(evaluation.type()).isEqualTo(ValueType.BOOLEAN);
    assertThat(evaluation.value()).isEqualTo(Given.json("true"));
  }

  @Test
  void defaultIsNotStaticOnceAnythingLooksAtTheContext() {
    var ruled = flag("ruled", "{'rules':[{'id':'r','when':{'any':[]},'serve':{'variant':'on'}}]}");
    var targeted = flag("targeted", "{'targets':[{'variant':'on','keys':['bob']}]}");
    var dependent = flag("dependent", "{'prerequisites':[{'flag':'base','variants':['off']}]}");
    var rules = ruleset(ruled, targeted, dependent, flag("base", "{}"));
    for (var key : List.of("ruled", "targeted", "dependent")) {
      assertThat(evaluate(rules, key)).satisfies(gives("off", Reason.DEFAULT, null));
    }
  }

  @Test
  void individualTargetComesBeforeRules() {
    var flag =
        flag(
            "x",
            """
            {'targets':[{'contextType':'organization','variant':'off','keys':['other']},
                        {'contextType':'organization','variant':'on','keys':['acme']}],
             'rules':[{'id':'r','when':{'all':[]},'serve':{'variant':'off'}}]}\
            """);
    assertThat(evaluate(ruleset(flag), "x")).satisfies(gives("on", Reason.TARGETING_MATCH, null));
  }

  @Test
  void firstTrueRuleDecidesAndUnknownIsNotTrue() {
    var flag =
        flag(
            "x",
            """
            {'rules':[
              {'id':'unknown','when':{'not':{'attribute':'plan','op':'equals','values':['free']}},'serve':{'variant':'off'}},
              {'id':'false','when':{'any':[]},'serve':{'variant':'off'}},
              {'id':'de','when':%s,'serve':{'variant':'on'}},
              {'id':'later','when':{'all':[]},'serve':{'variant':'off'}}]}\
            """
                .formatted(DE));
    assertThat(evaluate(ruleset(flag), "x")).satisfies(gives("on", Reason.TARGETING_MATCH, "de"));
  }

  @Test
  void ruleWithRolloutSplitsByBucket() {
    // bucket of salt:alice is computed by the published function
    var flag = flag("x", "{'rules':[{'id':'r','when':{'all':[]},'serve':" + HALVES + "}]}");
    for (var user : List.of("alice", "bob", "carol", "dave", "eve")) {
      var expected = Bucketing.bucket("salt", user) < 50_000 ? "on" : "off";
      assertThat(evaluate(ruleset(flag), "x", context("{'targetingKey':'" + user + "'}")))
          .satisfies(gives(expected, Reason.SPLIT, "r"));
    }
  }

  @Test
  void ruleWithoutItsBucketingAttributeDoesNotMatch() {
    var flag =
        flag(
            "x",
            """
            {'rules':[
              {'id':'r','when':{'all':[]},'serve':{'rollout':{'bucketBy':'device.id','weights':{'on':99,'off':1}}}},
              {'id':'next','when':{'all':[]},'serve':{'variant':'off'}}]}\
            """);
    for (var device : List.of("{}", "{'id':''}", "{'id':true}", "{'id':['a']}", "{'id':null}")) {
      var context = context("{'targetingKey':'alice','device':" + device + "}");
      assertThat(evaluate(ruleset(flag), "x", context))
          .as(device)
          .satisfies(gives("off", Reason.TARGETING_MATCH, "next"));
    }
    assertThat(evaluate(ruleset(flag), "x", context("{'device':{'id':7}}")))
        .satisfies(gives("on", Reason.SPLIT, "r"));
  }

  @Test
  void defaultRolloutSplitsOrGivesTheOffVariantAndSaysWhatIsMissing() {
    var rules = ruleset(flag("x", "{'default':" + HALVES + "}"));
    var expected = Bucketing.bucket("salt", "alice") < 50_000 ? "on" : "off";
    assertThat(evaluate(rules, "x")).satisfies(gives(expected, Reason.SPLIT, "default"));
    for (var nobody : List.of("{}", "{'targetingKey':''}", "{'targetingKey':null}")) {
      assertThat(evaluate(rules, "x", context(nobody)))
          .as(nobody)
          .satisfies(givesWith("off", Reason.DEFAULT, null, ErrorCode.TARGETING_KEY_MISSING));
    }
  }

  @Test
  void missingTargetingKeyIsNoErrorWhereSomethingElseDecides() {
    var ruled =
        flag(
            "x",
            "{'rules':[{'id':'r','when':{'all':[]},'serve':%s}],'default':{'variant':'on'}}"
                .formatted(HALVES));
    assertThat(evaluate(ruleset(ruled), "x", EvaluationContext.EMPTY))
        .satisfies(gives("on", Reason.DEFAULT, null));
    var off = flag("x", "{'enabled':false,'default':" + HALVES + "}");
    assertThat(evaluate(ruleset(off), "x", EvaluationContext.EMPTY))
        .satisfies(gives("off", Reason.DISABLED, null));
  }

  @Test
  void flagThatAsksForARolloutWithoutTargetingKeySeesItsOffVariant() {
    var asking =
        flag(
            "x",
            "{'rules':[{'id':'r','when':{'flag':'y','variants':['off']},'serve':{'variant':'on'}}]}");
    var rules = ruleset(asking, flag("y", "{'default':" + HALVES + "}"));
    assertThat(evaluate(rules, "x", EvaluationContext.EMPTY))
        .satisfies(gives("on", Reason.TARGETING_MATCH, "r"));
  }

  @Test
  void missingTargetingKeyIsNotToBlameWhileAListIsUnknown() {
    var flag =
        flag(
            "x",
            """
            {'rules':[{'id':'r','when':{'segment':'acmes'},'serve':{'variant':'on'}}],'default':%s}\
            """
                .formatted(HALVES));
    var rules =
        ruleset(flag, Segment.of("acmes", "organization", null, new Segment.ListVersion(1, 1)));
    var evaluation = evaluate(rules, "x", context("{'organization':{'key':'acme'}}"));
    assertThat(evaluation).satisfies(gives("off", Reason.DEFAULT, null));
    assertThat(evaluation.degraded()).isTrue();
  }

  @Test
  void rolloutThatGivesEverybodyTheSameNeedsNothingToBucketBy() {
    var all = "{'rollout':{'weights':{'on':100,'off':0}}}";
    assertThat(
            evaluate(ruleset(flag("x", "{'default':" + all + "}")), "x", EvaluationContext.EMPTY))
        .satisfies(gives("on", Reason.SPLIT, "default"));
    var ruled = flag("x", "{'rules':[{'id':'r','when':{'all':[]},'serve':" + all + "}]}");
    assertThat(evaluate(ruleset(ruled), "x", EvaluationContext.EMPTY))
        .satisfies(gives("on", Reason.SPLIT, "r"));
  }

  @Test
  void prerequisiteMustBeOnAndGiveAWantedVariant() {
    var dependent =
        flag(
            "x",
            """
            {'prerequisites':[{'flag':'base','variants':['on']}],'default':{'variant':'on'}}\
            """);
    var failed = gives("off", Reason.PREREQUISITE_FAILED, null);
    assertThat(evaluate(ruleset(dependent), "x")).satisfies(failed);
    assertThat(evaluate(ruleset(dependent, flag("base", "{}")), "x")).satisfies(failed);
    var disabled = flag("base", "{'enabled':false,'offVariant':'on'}");
    assertThat(evaluate(ruleset(dependent, disabled), "x")).satisfies(failed);
    var on = flag("base", "{'default':{'variant':'on'}}");
    assertThat(evaluate(ruleset(dependent, on), "x")).satisfies(gives("on", Reason.DEFAULT, null));
  }

  @Test
  void attributeWhoseNameHasADotIsNamedBetweenQuotationMarks() {
    var flag =
        flag(
            "x",
            """
            {'rules':[{'id':'flat','when':{'attribute':'\\"app.version\\"','op':'equals','values':['1.2']},'serve':{'variant':'on'}},
                      {'id':'nested','when':{'attribute':'app.version','op':'equals','values':['1.2']},'serve':{'variant':'on'}}]}\
            """);
    assertThat(evaluate(ruleset(flag), "x", context("{'app.version':'1.2'}")))
        .satisfies(gives("on", Reason.TARGETING_MATCH, "flat"));
    assertThat(evaluate(ruleset(flag), "x", context("{'app':{'version':'1.2'}}")))
        .satisfies(gives("on", Reason.TARGETING_MATCH, "nested"));
  }

  @Test
  void rulesSeeTheTimeThatTheEvaluationIsToldAndNoneThatTheContextTells() {
    var flag =
        flag(
            "x",
            """
            {'rules':[{'id':'r','when':{'all':[{'attribute':'$now','op':'after','values':['2026-12-24']},
                                               {'attribute':'$now','op':'before','values':['2026-12-27T00:00:00Z']}]},'serve':{'variant':'on'}}]}\
            """);
    var rules = ruleset(flag);
    for (var entry :
        Map.of(
                "2026-12-23T23:59:59.999Z", "off",
                "2026-12-24T00:00:00.001Z", "on",
                "2026-12-26T23:59:59.999Z", "on",
                "2026-12-27T00:00:00Z", "off")
            .entrySet()) {
      var facts = Facts.at(Instant.parse(entry.getKey()));
      assertThat(evaluate(rules, "x", facts).variant())
          .as(entry.getKey())
          .isEqualTo(entry.getValue());
    }
    assertThat(evaluate(rules, "x", context("{'$now':'2026-12-25'}")).variant())
        .as("nobody says what time it is")
        .isEqualTo("off");
    var quoted =
        flag(
            "x",
            """
            {'rules':[{'id':'r','when':{'attribute':'\\"$now\\"','op':'exists'},'serve':{'variant':'on'}}]}\
            """);
    assertThat(evaluate(ruleset(quoted), "x", context("{'$now':1}")).variant()).isEqualTo("on");
  }

  // ---- other flags and segments

  @Test
  void flagConditionComparesTheVariantActuallyGivenAndIsNeverUnknown() {
    var asks =
        flag(
            "x",
            """
            {'rules':[{'id':'r','when':{'flag':'base','variants':['on']},'serve':{'variant':'on'}},
                      {'id':'n','when':{'not':{'flag':'base','variants':['on']}},'serve':{'variant':'off'}}]}\
            """);
    var disabled = flag("base", "{'enabled':false,'offVariant':'on'}");
    assertThat(evaluate(ruleset(asks, disabled), "x").ruleId()).isEqualTo("r");
    assertThat(evaluate(ruleset(asks, flag("base", "{}")), "x").ruleId()).isEqualTo("n");
    assertThat(evaluate(ruleset(asks), "x").ruleId()).isEqualTo("n");
  }

  @Test
  void segmentIsAskedAndIsUnknownWithoutItsContextType() {
    var asks =
        flag(
            "x",
            """
            {'rules':[{'id':'in','when':{'segment':'s'},'serve':{'variant':'on'}},
                      {'id':'out','when':{'not':{'segment':'s'}},'serve':{'variant':'on'}}]}\
            """);
    var germans = segment("s", DE);
    assertThat(evaluate(ruleset(asks, germans), "x").ruleId()).isEqualTo("in");
    var french = context("{'targetingKey':'bob','country':'FR'}");
    assertThat(evaluate(ruleset(asks, germans), "x", french).ruleId()).isEqualTo("out");
    var nobody = context("{'country':'DE'}");
    assertThat(evaluate(ruleset(asks, germans), "x", nobody).ruleId()).isNull();
    assertThat(evaluate(ruleset(asks), "x").ruleId()).isNull();
  }

  @Test
  void cycleIsAnErrorForEveryFlagThatReachesIt() {
    var rules =
        ruleset(
            flag("a", "{'prerequisites':[{'flag':'b','variants':['off']}]}"),
            flag("b", "{'rules':[" + rule("{'flag':'a','variants':['off']}") + "]}"),
            flag("c", "{'rules':[" + rule("{'segment':'s'}") + "]}"),
            flag("fine", "{}"),
            segment("s", "{'not':{'segment':'t'}}"),
            segment("t", "{'segment':'s'}"));
    var all =
        Evaluator.evaluateAll(rules, List.of("a", "fine", "b", "c", "fine"), ALICE, Facts.NONE);
    assertThat(all)
        .extracting(Evaluation::reason)
        .containsExactly(Reason.ERROR, Reason.STATIC, Reason.ERROR, Reason.ERROR, Reason.STATIC);
    assertThat(all.get(0).error()).isEqualTo(ErrorCode.GENERAL);
    assertThat(all.get(0).variant()).isNull();
  }

  @Test
  void chainsAreFollowedAsFarAsTheyCanBeSavedAndNoFurther() {
    var rules = chain(5_000);
    assertThat(evaluate(rules, "f" + Limits.CHAIN).reason()).isEqualTo(Reason.DEFAULT);
    assertThat(evaluate(rules, "f" + (Limits.CHAIN + 1)).error()).isEqualTo(ErrorCode.GENERAL);
    assertThat(evaluate(rules, "f4999").error()).isEqualTo(ErrorCode.GENERAL);
  }

  @Test
  void diamondsOfDependenciesAreWorkedOutOnce() {
    // without memory this would take 2^40 evaluations
    var flags =
        IntStream.range(0, 40)
            .mapToObj(i -> List.of(diamond("l" + i, i), diamond("r" + i, i)))
            .flatMap(List::stream)
            .toArray();
    assertThat(evaluate(ruleset(flags), "l39").variant()).isEqualTo("off");
  }

  // ---- facts

  @Test
  void listSegmentsAreDecidedByFactsExcludedWins() {
    var rules = ruleset(asksFor("vip"), list("vip"));
    assertThat(evaluate(rules, "x", facts("vip", Facts.Membership.INCLUDED)))
        .satisfies(gives("on", Reason.TARGETING_MATCH, "r"));
    for (var no : List.of(Facts.Membership.EXCLUDED, Facts.Membership.ABSENT)) {
      assertThat(evaluate(rules, "x", facts("vip", no)))
          .satisfies(gives("off", Reason.DEFAULT, null));
    }
  }

  @Test
  void listWithConditionAsksTheConditionForThoseOnNeitherList() {
    var version = new Segment.ListVersion(1, 1);
    var both = Segment.of("vip", "user", Given.condition(DE), version);
    var rules = ruleset(asksFor("vip"), both);
    assertThat(evaluate(rules, "x", facts("vip", Facts.Membership.ABSENT)).variant())
        .isEqualTo("on");
    assertThat(evaluate(rules, "x", facts("vip", Facts.Membership.EXCLUDED)).variant())
        .isEqualTo("off");
  }

  @Test
  void missingFactsAreUnknownAndDegrade() {
    var rules = ruleset(asksFor("vip"), list("vip"), flag("fine", "{}"));
    for (var facts : List.of(Facts.NONE, facts("vip", Facts.Membership.UNKNOWN))) {
      var evaluation = evaluate(rules, "x", facts);
      assertThat(evaluation).satisfies(gives("off", Reason.DEFAULT, null));
      assertThat(evaluation.degraded()).isTrue();
    }
    assertThat(Evaluator.evaluateAll(rules, List.of("x", "fine", "x"), ALICE, Facts.NONE))
        .extracting(Evaluation::degraded)
        .containsExactly(true, false, true);
  }

  @Test
  void degradationReachesThoseWhoDepend() {
    var rules =
        ruleset(
            asksFor("nested"),
            segment("nested", "{'segment':'vip'}"),
            list("vip"),
            flag("above", "{'prerequisites':[{'flag':'x','variants':['off']}]}"),
            flag(
                "twice",
                "{'rules':["
                    + rule(
                        "{'any':[{'flag':'x','variants':['on']},{'flag':'x','variants':['on']}]}")
                    + "]}"));
    assertThat(evaluate(rules, "above").degraded()).isTrue();
    assertThat(evaluate(rules, "twice").degraded()).isTrue();
    var known = facts("vip", Facts.Membership.INCLUDED);
    assertThat(evaluate(rules, "twice", known)).satisfies(gives("on", Reason.TARGETING_MATCH, "r"));
    assertThat(evaluate(rules, "twice", known).degraded()).isFalse();
  }

  @Test
  void needsAreTheMembershipsThatCanBeReached() {
    var organization = Segment.of("orgs", "organization", null, new Segment.ListVersion(1, 1));
    var rules =
        ruleset(
            flag("none", "{}"),
            flag("x", "{'prerequisites':[{'flag':'y','variants':['on']}]}"),
            flag("y", "{'rules':[" + rule("{'not':{'segment':'nested'}}") + "]}"),
            flag("disabled", "{'enabled':false,'rules':[" + rule("{'segment':'vip'}") + "]}"),
            segment("nested", "{'any':[{'segment':'vip'},{'segment':'orgs'}]}"),
            list("vip"),
            organization);
    assertThat(Evaluator.needs(rules, "none", ALICE).isEmpty()).isTrue();
    assertThat(Evaluator.needs(rules, "disabled", ALICE).isEmpty()).isTrue();
    assertThat(Evaluator.needs(rules, "unknown", ALICE).isEmpty()).isTrue();
    assertThat(Evaluator.needs(rules, "x", ALICE).members())
        .containsExactlyInAnyOrder(
            new Needs.Member("vip", "alice"), new Needs.Member("orgs", "acme"));
    assertThat(Evaluator.needs(rules, "x", context("{'targetingKey':'bob'}")).members())
        .containsExactly(new Needs.Member("vip", "bob"));
  }

  // ----

  private static Flag asksFor(String segment) {
    return flag("x", "{'rules':[" + rule("{'segment':'" + segment + "'}") + "]}");
  }

  private static String rule(String when) {
    return "{'id':'r','when':" + when + ",'serve':{'variant':'on'}}";
  }

  private static Flag diamond(String key, int i) {
    return flag(
        key,
        i == 0
            ? "{}"
            : "{'rules':[%s]}"
                .formatted(
                    rule(
                        "{'any':[{'flag':'l%1$d','variants':['on']},{'flag':'r%1$d','variants':['on']}]}"
                            .formatted(i - 1))));
  }

  /// Each flag needs the one before it.
  private static Ruleset chain(int length) {
    var flags =
        IntStream.range(0, length)
            .mapToObj(i ->
                flag(
                    "f" + i,
                    i == 0
                        ? "{}"
                        : "{'prerequisites':[{'flag':'f%d','variants':['off']}]}".formatted(i - 1)))
            .toArray();
    return ruleset(flags);
  }

  private static Facts facts(String segment, Facts.Membership membership) {
    return new Facts(Map.of(new Needs.Member(segment, "alice"), membership));
  }

  private static Evaluation evaluate(Ruleset rules, String key) {
    return evaluate(rules, key, ALICE);
  }

  private static Evaluation evaluate(Ruleset rules, String key, Facts facts) {
    return Evaluator.evaluate(rules, key, ALICE, facts);
  }

  private static Evaluation evaluate(Ruleset rules, String key, EvaluationContext context) {
    return Evaluator.evaluate(rules, key, context, Facts.NONE);
  }

  private static ThrowingConsumer<Evaluation> gives(String variant, Reason reason, String ruleId) {
    return givesWith(variant, reason, ruleId, null);
  }

  private static ThrowingConsumer<Evaluation> givesWith(
      String variant, Reason reason, String ruleId, ErrorCode error) {
    return evaluation -> {
      assertThat(evaluation.variant()).isEqualTo(variant);
      assertThat(evaluation.reason()).isEqualTo(reason);
      assertThat(evaluation.ruleId()).isEqualTo(ruleId);
      assertThat(evaluation.error()).isEqualTo(error);
    };
  }
}
