package dev.stitchd.ruleset;

import static dev.stitchd.ruleset.Given.context;
import static dev.stitchd.ruleset.Given.flag;
import static dev.stitchd.ruleset.Given.ruleset;
import static dev.stitchd.ruleset.Given.segment;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.EvaluationContext;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ExplainTest {

  private static final int ITEMS = 9;
  private static final Pattern REFERENCE = Pattern.compile("\"(flag|segment)-(\\d)\"");

  // ---- the property: who reads the trace comes to what the evaluator gives

  @Test
  void theTraceOfEveryFlagLeadsToWhatTheEvaluatorGives() {
    var reasons = new EnumMap<Reason, Integer>(Reason.class);
    for (int seed = 0; seed < 500; seed++) {
      var random = new RandomFlags(seed);
      var rules = randomRuleset(random, seed);
      var context = new EvaluationContext(random.context(), Set.of());
      var facts = randomFacts(rules, context, seed);
      for (var key : rules.flags().keySet()) {
        var evaluation = Evaluator.evaluate(rules, key, context, facts);
        var explanation = Evaluator.explain(rules, key, context, facts, List.of());
        assertThat(explanation.evaluation()).isEqualTo(evaluation);
        assertThat(conclusion(explanation.trace()))
            .as(() -> key + " of seed: " + explanation.trace().toPrettyString())
            .isEqualTo(said(evaluation));
        checkOutcomes(explanation.trace());
        reasons.merge(evaluation.reason(), 1, Integer::sum);
      }
    }
    for (var reason :
        List.of(
            Reason.DISABLED,
            Reason.PREREQUISITE_FAILED,
            Reason.TARGETING_MATCH,
            Reason.SPLIT,
            Reason.DEFAULT,
            Reason.STATIC)) {
      assertThat(reasons.getOrDefault(reason, 0)).as("flags that gave %s", reason).isGreaterThan(5);
    }
  }

  private static String said(Evaluation evaluation) {
    return evaluation.variant() + " " + evaluation.reason() + " " + evaluation.ruleId();
  }

  /// Walks a trace as a reader would, knowing only the order of the steps.
  private static String conclusion(JsonNode trace) {
    var off = trace.get("offVariant").stringValue();
    if (!trace.get("enabled").booleanValue()) {
      return off + " DISABLED null";
    }
    for (var prerequisite : trace.get("prerequisites")) {
      assertThat(prerequisite.get("reached").booleanValue()).isTrue();
      if (!prerequisite.get("outcome").stringValue().equals("true")) {
        return off + " PREREQUISITE_FAILED null";
      }
    }
    for (var target : trace.get("targets")) {
      assertThat(target.get("reached").booleanValue()).isTrue();
      if (target.get("listed").booleanValue()) {
        return target.get("variant").stringValue() + " TARGETING_MATCH null";
      }
    }
    for (var rule : trace.get("rules")) {
      assertThat(rule.get("reached").booleanValue()).isTrue();
      assertThat(rule.get("outcome")).isEqualTo(rule.get("when").get("outcome"));
      var given = given(rule.get("serve"));
      if (rule.get("outcome").stringValue().equals("true") && given != null) {
        var reason = rule.get("serve").has("rollout") ? " SPLIT " : " TARGETING_MATCH ";
        return given + reason + rule.get("id").stringValue();
      }
    }
    assertThat(trace.get("default").get("reached").booleanValue()).isTrue();
    return byDefault(trace, off);
  }

  private static String byDefault(JsonNode trace, String off) {
    var serve = trace.get("default").get("serve");
    var given = given(serve);
    if (given == null) {
      return off + " DEFAULT null";
    }
    boolean isStatic =
        trace.get("rules").isEmpty()
            && trace.get("targets").isEmpty()
            && trace.get("prerequisites").isEmpty();
    return serve.has("rollout")
        ? given + " SPLIT default"
        : given + (isStatic ? " STATIC null" : " DEFAULT null");
  }

  /// The variant, which for a rollout must be that of the slot in which the bucket lies.
  private static @Nullable String given(JsonNode serve) {
    var variant = serve.get("variant").isNull() ? null : serve.get("variant").stringValue();
    if (serve.has("rollout")) {
      var bucket = serve.get("rollout").get("bucket");
      if (bucket.isNull() && variant != null) {
        assertThat(serve.get("rollout").get("slots"))
            .allSatisfy(slot -> assertThat(slot.get("variant").stringValue()).isEqualTo(variant));
      } else {
        assertThat(bucket.isNull()).isEqualTo(variant == null);
      }
      for (var slot : serve.get("rollout").get("slots")) {
        boolean holds =
            !bucket.isNull()
                && slot.get("from").intValue() <= bucket.intValue()
                && bucket.intValue() <= slot.get("to").intValue();
        assertThat(slot.has("chosen")).isEqualTo(holds);
        if (holds) {
          assertThat(slot.get("variant").stringValue()).isEqualTo(variant);
        }
      }
    }
    return variant;
  }

  /// Every outcome of a group follows from its parts, and that of a segment from its lists and its
  /// condition.
  private static void checkOutcomes(JsonNode node) {
    for (var child : node) {
      checkOutcomes(child);
    }
    for (var group : List.of("all", "any", "not")) {
      if (node.has(group) && node.has("outcome")) {
        assertThat(rank(node)).as(node.toString()).isEqualTo(expectedRank(node, group));
      }
    }
    if (node.has("contextType") && node.has("outcome") && !node.get("key").isNull()) {
      var membership = node.at("/list/membership").asString("absent");
      int byCondition = node.has("when") ? rank(node.get("when")) : 0;
      assertThat(rank(node))
          .as(node.toString())
          .isEqualTo(
              switch (membership) {
                case "included" -> 2;
                case "excluded" -> 0;
                case "unknown" -> 1;
                default -> byCondition;
              });
    }
  }

  private static int expectedRank(JsonNode node, String group) {
    if (group.equals("not")) {
      return 2 - rank(node.get("not"));
    }
    boolean all = group.equals("all");
    int rank = all ? 2 : 0;
    for (var part : node.get(group)) {
      rank = all ? Math.min(rank, rank(part)) : Math.max(rank, rank(part));
    }
    return rank;
  }

  private static int rank(JsonNode node) {
    return List.of("false", "unknown", "true").indexOf(node.get("outcome").stringValue());
  }

  /// Flags and segments that name only later ones, so that none depends on itself; the last one
  /// that can be named does not exist.
  private static Ruleset randomRuleset(RandomFlags random, int seed) {
    var flags = new HashMap<String, Flag>();
    var segments = new HashMap<String, Segment>();
    var kinds = new Random(seed);
    for (int i = 0; i < ITEMS; i++) {
      var shape = random.shape();
      var targeting = Targeting.fromJson(later(random.targeting(shape).toJson(), i));
      flags.put("flag-" + i, Flag.of("flag-" + i, shape, targeting));
      var when = Condition.fromJson(later(random.condition(3).toJson(), i));
      var list = kinds.nextBoolean() ? new Segment.ListVersion(1, i) : null;
      segments.put(
          "segment-" + i,
          Segment.of(
              "segment-" + i,
              kinds.nextInt(3) == 0 ? "organization" : "user",
              list != null && kinds.nextBoolean() ? null : when,
              list));
    }
    return Ruleset.of(flags, segments);
  }

  private static JsonNode later(JsonNode item, int own) {
    var text =
        REFERENCE
            .matcher(item.toString())
            .replaceAll(found -> {
              int named = own + 1 + Integer.parseInt(found.group(2)) % (ITEMS - own);
              return "\"" + found.group(1) + "-" + named + "\"";
            });
    return Given.json(text);
  }

  private static Facts randomFacts(Ruleset rules, EvaluationContext context, int seed) {
    var random = new Random(seed);
    var known = new HashMap<Needs.Member, Facts.Membership>();
    var choices = Facts.Membership.values();
    Evaluator.needs(rules, rules.flags().keySet(), context)
        .members()
        .forEach(member -> known.put(member, choices[random.nextInt(choices.length)]));
    return new Facts(known);
  }

  // ---- single things

  @Test
  void individualTargetsAreShownWithTheirKey() {
    var flag = flag("x", "{'targets':[{'variant':'on','keys':['alice','bob']}]}");
    var trace = explain(ruleset(flag), "x", "{'targetingKey':'bob'}");
    assertThat(trace.get("targets").toString())
        .isEqualTo(
            "[{\"reached\":true,\"contextType\":\"user\",\"key\":\"bob\",\"keys\":2,\"listed\":true,\"variant\":\"on\"}]");
    assertThat(trace.get("default").get("reached").booleanValue()).isFalse();
    assertThat(trace.get("because").stringValue())
        .isEqualTo("the user is one of the individual targets of 'on'");
  }

  @Test
  void everyConditionShowsWhatItSawAlsoThoseAfterTheDecisiveOne() {
    var flag =
        flag(
            "x",
            """
            {'rules':[{'id':'r','when':{'all':[
              {'attribute':'country','op':'in','values':['DE','FR']},
              {'not':{'attribute':'age','op':'lessThan','values':[18]}},
              {'attribute':'plan','op':'equals','values':['pro']}]},'serve':{'variant':'on'}}]}\
            """);
    var trace = explain(ruleset(flag), "x", "{'country':'US','plan':'pro'}");
    assertThat(trace.at("/rules/0/when"))
        .isEqualTo(
            Given.json(
                """
                {'all':[
                  {'attribute':'country','op':'in','values':['DE','FR'],'value':'US','outcome':'false'},
                  {'not':{'attribute':'age','op':'lessThan','values':[18],'value':null,'outcome':'unknown'},'outcome':'unknown'},
                  {'attribute':'plan','op':'equals','values':['pro'],'value':'pro','outcome':'true'}],'outcome':'false'}\
                """));
  }

  @Test
  void listsAndNestedSegmentsAreShownOnceWithTheirFacts() {
    var rules =
        ruleset(
            flag(
                "x",
                "{'rules':[{'id':'r','when':{'segment':'outer'},'serve':{'variant':'on'}},{'id':'s','when':{'not':{'segment':'vip'}},'serve':{'variant':'on'}}]}"),
            segment("outer", "{'segment':'vip'}"),
            Given.list("vip"));
    var facts = new Facts(Map.of(new Needs.Member("vip", "alice"), Facts.Membership.EXCLUDED));
    var explanation =
        Evaluator.explain(rules, "x", context("{'targetingKey':'alice'}"), facts, List.of());
    assertThat(explanation.trace().get("segments").toString())
        .isEqualTo(
            Given.json(
                    """
                    {'outer':{'outcome':'false','contextType':'user','key':'alice','when':{'segment':'vip','outcome':'false'}},
                     'vip':{'outcome':'false','contextType':'user','key':'alice','list':{'membership':'excluded','generation':1,'version':1}}}\
                    """)
                .toString());
  }

  @Test
  void aFlagThatIsOffIsExplainedWithTheFactsThatItWouldNeed() {
    var rules =
        ruleset(
            flag(
                "x",
                "{'enabled':false,'rules':[{'id':'r','when':{'segment':'vip'},'serve':{'variant':'on'}}]}"),
            Given.list("vip"));
    var alice = context("{'targetingKey':'alice'}");
    assertThat(Evaluator.needs(rules, "x", alice).isEmpty()).isTrue();
    assertThat(Evaluator.needsToExplain(rules, "x", alice).members())
        .containsExactly(new Needs.Member("vip", "alice"));
  }

  @Test
  void hiddenAttributesAreMaskedWhereverTheyWouldShow() {
    var flag =
        flag(
            "x",
            """
            {'targets':[{'variant':'on','keys':['secret-1']}],
             'rules':[
              {'id':'a','when':{'any':[
                {'attribute':'email','op':'endsWith','values':['@x']},
                {'attribute':'home.street','op':'exists'},
                {'attribute':'home','op':'exists'},
                {'attribute':'emails','op':'exists'}]},'serve':{'variant':'off'}}],
             'default':{'rollout':{'weights':{'on':50,'off':50}}}}\
            """);
    var context =
        context(
            "{'targetingKey':'secret-0','email':'secret-2','home':{'street':'secret-3','city':'open-1'},'emails':'open-2'}");
    var trace =
        Evaluator.explain(
                ruleset(flag, segment("unused", "{'all':[]}")),
                "x",
                context,
                Facts.NONE,
                List.of("targetingKey", "email", "home.street"))
            .trace();
    assertThat(trace.toString()).doesNotContain("secret").contains("open-2");
    assertThat(trace.at("/rules/0/when/any/0").toString())
        .isEqualTo(
            "{\"attribute\":\"email\",\"op\":\"endsWith\",\"values\":[\"@x\"],\"masked\":true,\"outcome\":\"false\"}");
    assertThat(trace.at("/rules/0/when/any/2").has("masked")).isTrue();
    assertThat(trace.at("/targets/0/masked").booleanValue()).isTrue();
    assertThat(trace.at("/default/serve/rollout/masked").booleanValue()).isTrue();
    assertThat(trace.at("/default/serve/rollout/bucket").isNumber()).isTrue();
  }

  @Test
  void largeValuesAreShortened() {
    var flag =
        flag(
            "x",
            "{'rules':[{'id':'r','when':{'attribute':'a','op':'exists'},'serve':{'variant':'on'}}]}");
    var trace = explain(ruleset(flag), "x", "{'a':'" + "y".repeat(5_000) + "'}");
    assertThat(trace.at("/rules/0/when/value").stringValue()).hasSizeLessThan(400).contains("5002");
  }

  @Test
  void unknownFlagsAndDamageAreExplainedToo() {
    assertThat(explain(Ruleset.EMPTY, "x", "{}").get("because").stringValue())
        .startsWith("there is no such flag");
    var self = flag("x", "{'prerequisites':[{'flag':'x','variants':['on']}]}");
    assertThat(explain(ruleset(self), "x", "{}").get("because").stringValue())
        .startsWith("the flag depends on itself");
  }

  private static JsonNode explain(Ruleset rules, String flag, String context) {
    return Evaluator.explain(rules, flag, context(context), Facts.NONE, List.of()).trace();
  }
}
