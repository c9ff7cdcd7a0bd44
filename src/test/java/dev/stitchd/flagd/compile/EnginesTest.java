package dev.stitchd.flagd.compile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.GoProgram;
import dev.stitchd.dev.NodeScript;
import dev.stitchd.dev.PythonScript;
import dev.stitchd.dev.ScriptProcess;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.ruleset.Evaluator;
import dev.stitchd.ruleset.Facts;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.FlagShape;
import dev.stitchd.ruleset.Needs;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.Serve;
import dev.stitchd.ruleset.Targeting;
import dev.stitchd.ruleset.ValueType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The evaluator and flagd's own engines give the same for flags and contexts by chance. Where an
/// engine cannot, it says so, and never gives another variant.
class EnginesTest {

  /// A minute's worth finds what these few do not: -Dstitchd.rulesets=1000.
  private static final int RULESETS = Integer.getInteger("stitchd.rulesets", 30);

  /// Enough to see that an engine refuses.
  private static final int FEW = 5;

  private static final int CONTEXTS = 30;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /// An engine of flagd's, or the same one in several modes.
  private interface Engine {

    /// @return for each mode what each ask was answered
    List<JsonNode> modes(String set, ArrayNode asks);

    /// Whether an error is its way of saying that it cannot evaluate.
    default boolean isWeakness(String error) {
      return false;
    }

    static Engine of(ScriptProcess script) {
      return (set, asks) -> {
        script.tell(Json.write(Json.object().put("set", set).set("asks", asks)));
        return script.await(_ -> true, PATIENCE).get("modes").valueStream().toList();
      };
    }
  }

  /// What was compared, so that nothing passes for want of it.
  private static final class Count {
    private int same;
    private int refused;
    private int failed;
    private int leftOut;
  }

  @Test
  void javaScriptGivesWhatTheEvaluatorGives() {
    try (var node = NodeScript.run("flagd-core.mjs")) {
      compareFound(Engine.of(node));
      var count = compare("JavaScript", Engine.of(node), true);

      assertThat(count.same).isGreaterThan(count.refused * 8);
    }
  }

  @Test
  void pythonGivesWhatTheEvaluatorGives() {
    Assumptions.assumeTrue(
        PythonScript.isThere(),
        "Python 3.10 with venv is missing: flagd's Python engine is not tried");
    try (var python = PythonScript.run("flagd_core.py")) {
      compareFound(Engine.of(python));
      var count = compare("Python", Engine.of(python), false);

      assertThat(count.same).isGreaterThan(count.refused * 8);
    }
  }

  /// Python's engine hashes what flagd is to hash next, so it must refuse every rollout.
  @Test
  void anEngineThatHashesOtherwiseRefusesRollouts() {
    Assumptions.assumeTrue(
        PythonScript.isThere(),
        "Python 3.10 with venv is missing: flagd's Python engine is not tried");
    try (var python = PythonScript.run("flagd_core.py")) {
      var count = compare("Python", Engine.of(python), true);

      assertThat(count.refused).isPositive();
    }
  }

  /// Its values are whole only up to 2^31. It hashes as flagd did until March 2026.
  @Test
  void javaGivesWhatTheEvaluatorGivesAndRefusesRollouts() {
    var java =
        new Engine() {
          @Override
          public List<JsonNode> modes(String set, ArrayNode asks) {
            return List.of(JavaEngine.answers(set, asks));
          }

          @Override
          public boolean isWeakness(String error) {
            return error.contains("type not valid") || error.contains("ParseError");
          }
        };
    compareFound(java);
    var count = compare("Java", java, false);

    assertThat(count.same).isGreaterThan((count.refused + count.failed) * 4);
    assertThat(compare("Java", java, true, FEW).refused).isPositive();
  }

  /// It fails where a condition looks at a truth value or an object. This version hashes as flagd
  /// did until March 2026.
  @Test
  void goGivesWhatTheEvaluatorGivesAndRefusesRollouts() {
    Assumptions.assumeTrue(
        GoProgram.isThere(), "Go 1.24 or newer is missing: flagd's Go engine is not tried");
    try (var script = GoProgram.run("flagd-core")) {
      var go =
          new Engine() {
            @Override
            public List<JsonNode> modes(String set, ArrayNode asks) {
              return Engine.of(script).modes(set, asks);
            }

            @Override
            public boolean isWeakness(String error) {
              return error.startsWith("PARSE_ERROR");
            }
          };
      compareFound(go);
      var count = compare("Go", go, false);

      assertThat(count.same).isGreaterThan((count.refused + count.failed) * 4);
      assertThat(compare("Go", go, true, FEW).refused).isPositive();
    }
  }

  /// Go finds the number 0 in a list of texts.
  @Test
  void aNumberIsNobodysKey() {
    Assumptions.assumeTrue(
        GoProgram.isThere(), "Go 1.24 or newer is missing: flagd's Go engine is not tried");
    var variants = Json.object().put("on", true).put("off", false);
    var errors = new FieldErrors();
    var shape = FlagShape.read(ValueType.BOOLEAN, variants, false, errors);
    errors.throwIfAny();
    var target = new Targeting.Target("organization", "on", new LinkedHashSet<>(List.of("o1")));
    var flag =
        Flag.of(
            "f",
            shape,
            new Targeting(
                true, "off", List.of(target), List.of(), List.of(), new Serve.Fixed("off")));
    var set = FlagSets.compile(Ruleset.of(Map.of("f", flag), Map.of()), Map.of(), "test");
    var asks = Json.array();
    for (var key : List.of("0", "\"o1\"")) {
      asks.addObject()
          .put("flag", "f")
          .put("type", "boolean")
          .set("context", Json.parseOwn("{\"organization\":{\"key\":" + key + "}}"));
    }
    try (var go = GoProgram.run("flagd-core")) {
      var answers = Engine.of(go).modes(set.json(), asks).getFirst();

      assertThat(answers.at("/0/variant").stringValue()).isEqualTo("off");
      assertThat(answers.at("/1/variant").stringValue()).isEqualTo("on");
    }
  }

  private static Count compare(String name, Engine engine, boolean rollouts) {
    return compare(name, engine, rollouts, RULESETS);
  }

  private static Count compare(String name, Engine engine, boolean rollouts, int rulesets) {
    var count = new Count();
    for (int i = 0; i < rulesets; i++) {
      compare(engine, new RandomRuleset(i, rollouts), "seed " + i, count);
    }
    System.out.println(
        "%s: %d the same, %d refused, %d failed, %d flags left out"
            .formatted(name, count.same, count.refused, count.failed, count.leftOut));
    return count;
  }

  private static void compare(Engine engine, RandomRuleset random, String seed, Count count) {
    var contexts = Stream.generate(random::context).limit(CONTEXTS).toList();
    compare(engine, random.ruleset(), random.members(), contexts, seed, count);
  }

  private static void compareFound(Engine engine) {
    compare(engine, FoundRuleset.members());
    compare(engine, FoundRuleset.nothings());
    compare(engine, FoundRuleset.oddVersions());
    for (var answered : List.of(FoundRuleset.plainVersions(), FoundRuleset.references())) {
      var count = compare(engine, answered);

      assertThat(count.leftOut + count.refused + count.failed).isZero();
    }
  }

  private static Count compare(Engine engine, FoundRuleset found) {
    var count = new Count();
    compare(engine, found.ruleset(), Map.of(), found.contexts(), "found", count);
    return count;
  }

  private static void compare(
      Engine engine,
      Ruleset ruleset,
      Map<String, ListedKeys> members,
      List<ObjectNode> contexts,
      String seed,
      Count count) {
    var set = FlagSets.compile(ruleset, members, "test");
    var config = Json.parseOwn(set.json());
    count.leftOut += set.leftOut().size();
    var asks = Json.array();
    var expected = new ArrayList<Evaluation>();
    for (var context : contexts) {
      for (var flag : ruleset.flags().values()) {
        if (!set.leftOut().containsKey(flag.key())) {
          expected.add(evaluate(ruleset, flag.key(), context, members));
          asks.addObject()
              .put("flag", flag.key())
              .put("type", flag.shape().type().wire())
              .set("context", context);
        }
      }
    }
    for (var answers : engine.modes(set.json(), asks)) {
      assertThat(answers).hasSize(expected.size());
      for (int i = 0; i < expected.size(); i++) {
        check(engine, expected.get(i), answers.get(i), asks.get(i), config, seed, count);
      }
    }
  }

  private static void check(
      Engine engine,
      Evaluation expected,
      JsonNode answer,
      JsonNode ask,
      JsonNode config,
      String seed,
      Count count) {
    var what =
        "%s, %s, engine: %s, flag: %s, evaluators: %s"
            .formatted(
                seed,
                ask,
                answer,
                config.at("/flags/" + ask.get("flag").stringValue()),
                config.get("$evaluators"));
    if (answer.has("error") && engine.isWeakness(answer.get("error").stringValue())) {
      count.failed++;
    } else if (answer.has("error")) {
      assertThat(answer.get("error").stringValue()).as(what).contains(FlagSets.NOT_HERE);
      count.refused++;
    } else {
      assertThat(answer.get("variant").stringValue()).as(what).isEqualTo(expected.variant());
      assertThat(isSame(answer.get("value"), expected.value())).as(what).isTrue();
      count.same++;
    }
  }

  private static boolean isSame(JsonNode left, JsonNode right) {
    return left.equals(
        (a, b) ->
            a.isNumber() && b.isNumber()
                ? Double.compare(a.doubleValue(), b.doubleValue())
                : a.equals(b) ? 0 : 1,
        right);
  }

  private static Evaluation evaluate(
      Ruleset ruleset, String flag, ObjectNode context, Map<String, ListedKeys> members) {
    var known = new HashMap<Needs.Member, Facts.Membership>();
    var read = new EvaluationContext(context, Set.of());
    for (var list : members.entrySet()) {
      for (var key : List.of(keyOr(read, "user"), keyOr(read, "organization"))) {
        known.put(new Needs.Member(list.getKey(), key), of(list.getValue(), key));
      }
    }
    var now = Instant.ofEpochSecond(Instant.now().getEpochSecond());
    return Evaluator.evaluate(ruleset, flag, read, new Facts(known, now));
  }

  private static String keyOr(EvaluationContext context, String type) {
    var key = context.keyOf(type);
    return key == null ? "" : key;
  }

  private static Facts.Membership of(ListedKeys members, String key) {
    return members.excluded().contains(key)
        ? Facts.Membership.EXCLUDED
        : members.included().contains(key) ? Facts.Membership.INCLUDED : Facts.Membership.ABSENT;
  }
}
