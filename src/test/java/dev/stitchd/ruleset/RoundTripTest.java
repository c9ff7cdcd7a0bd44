package dev.stitchd.ruleset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What is printed reads back the same, also after a store that sorts names and drops spaces.
class RoundTripTest {

  private static final int SEED = 99_000;
  private static final int RUNS = 2_000;

  @Test
  void storedTargetingReadsBackTheSame() {
    for (int run = 0; run < RUNS; run++) {
      var flags = new RandomFlags(SEED + run);
      var targeting = flags.targeting(flags.shape());
      assertThat(Targeting.fromJson(stored(targeting.toJson())))
          .as("seed %d", SEED + run)
          .isEqualTo(targeting);
    }
  }

  @Test
  void publishedFlagReadsBackTheSameAndDecidesTheSame() {
    for (int run = 0; run < RUNS; run++) {
      var flags = new RandomFlags(SEED + run);
      var shape = flags.shape();
      var targeting = flags.targeting(shape);
      var item = Items.flag(shape, targeting);
      var flag = Flag.of("x", shape, targeting);
      var read = Items.readFlag("x", stored(item));
      assertThat(read).as("seed %d", SEED + run).isEqualTo(flag);
      assertThat(Items.flag(read.shape(), read.targeting()).toString().length())
          .as("seed %d", SEED + run)
          .isEqualTo(item.toString().length());
      var context = new EvaluationContext(flags.context(), Set.of());
      assertThat(evaluate(read, context))
          .as("seed %d", SEED + run)
          .isEqualTo(evaluate(flag, context));
    }
  }

  @Test
  void answeredTargetingCanBePutBackAndChangesNothing() {
    for (int run = 0; run < RUNS; run++) {
      var flags = new RandomFlags(SEED + run);
      var shape = flags.shape();
      var targeting = oneVariantPerKey(flags.targeting(shape));
      var errors = new FieldErrors();
      var body = targeting.toJson().put("id", "x").put("version", 7).put("createdAt", "now");
      var read = Targeting.read(body, "", shape, targeting, () -> "another salt", errors);
      assertThat(errors.list()).as("seed %d", SEED + run).isEmpty();
      assertThat(read.targeting()).as("seed %d", SEED + run).isEqualTo(targeting);
      assertThat(read.moved()).isEmpty();
      assertThat(read.reshuffled()).isEmpty();
    }
  }

  @Test
  void publishedSegmentReadsBackTheSame() {
    for (int run = 0; run < RUNS; run++) {
      var condition = new RandomFlags(SEED + run).condition(5);
      var version = run % 2 == 0 ? null : new Segment.ListVersion(run, 3);
      var segment = Segment.of("s", "organization", run % 3 == 0 ? null : condition, version);
      assertThat(Items.readSegment("s", stored(Items.segment(segment))))
          .as("seed %d", SEED + run)
          .isEqualTo(segment);
    }
  }

  @ParameterizedTest
  @EnumSource(Operator.class)
  void everyOperatorHasItsOwnName(Operator operator) {
    assertThat(Operator.of(operator.wire())).isEqualTo(operator);
  }

  @Test
  void publishedFormIsTheContractsForm() {
    var targeting =
        Given.targeting(
            Given.ON_OFF,
            """
            {'rules':[{'id':'eu','description':'Europe','when':{'attribute':'country','op':'in','values':['DE']},
                       'serve':{'rollout':{'weights':{'on':10,'off':90}}}}]}\
            """);
    assertThat(Items.flag(Given.ON_OFF, targeting).toString())
        .isEqualTo(
            """
            {"type":"boolean","variants":{"on":true,"off":false},"clientVisible":false,"enabled":true,"offVariant":"off","targets":[],"prerequisites":[],\
            "rules":[{"id":"eu","when":{"attribute":"country","op":"in","values":["DE"]},\
            "serve":{"rollout":{"bucketBy":"targetingKey","salt":"salt","slots":[["on",10000],["off",90000]]}}}],"default":{"variant":"off"}}\
            """);
    assertThat(Items.segment(Given.list("vip")).toString())
        .isEqualTo(
            "{\"contextType\":\"user\",\"when\":null,\"list\":{\"generation\":1,\"version\":1}}");
  }

  @Test
  void numbersKeepTheirType() {
    var errors = new FieldErrors();
    var number = FlagShape.read(ValueType.NUMBER, Given.json("{'x':10,'y':1e21}"), false, errors);
    var integer =
        FlagShape.read(ValueType.INTEGER, Given.json("{'x':10.0,'y':1e3}"), false, errors);
    assertThat(Items.flag(number, Targeting.initial(number)).path("variants").toString())
        .isEqualTo("{\"x\":10.0,\"y\":1.0E21}");
    assertThat(Items.flag(integer, Targeting.initial(integer)).path("variants").toString())
        .isEqualTo("{\"x\":10,\"y\":1000}");
    // a store may write 10.0 as 10: reading puts it right
    var item = Items.flag(number, Targeting.initial(number));
    item.withObject("variants").put("x", 10);
    assertThat(Items.readFlag("n", item).shape()).isEqualTo(number);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'type':'colour'}",
        "{'type':'boolean','variants':{'on':1},'offVariant':'on','default':{'variant':'on'}}",
        "{'type':'boolean','variants':{'on':true},'default':{'variant':'on'}}",
        "{'type':'boolean','variants':{'on':true},'offVariant':'on','default':{}}",
        "{'type':'boolean','variants':{'on':true},'offVariant':'on','default':{'rollout':{'bucketBy':'x','salt':'s','slots':[['on',5]]}}}",
        "{'type':'boolean','variants':{'on':true},'offVariant':'on','default':{'variant':'on'},'rules':[{'id':'r','when':{'attribute':'a','op':'sounds-like','values':['b']},'serve':{'variant':'on'}}]}",
      })
  void damagedItemIsNotReadAsSomethingElse(String item) {
    assertThatThrownBy(() -> Items.readFlag("x", Given.json(item)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Evaluation evaluate(Flag flag, EvaluationContext context) {
    return Evaluator.evaluate(Given.ruleset(flag), "x", context, Facts.NONE);
  }

  /// Targets that no two variants share a key of, as editors may write them.
  private static Targeting oneVariantPerKey(Targeting targeting) {
    return new Targeting(
        targeting.enabled(),
        targeting.offVariant(),
        targeting.targets().stream().limit(1).toList(),
        targeting.prerequisites(),
        targeting.rules(),
        targeting.otherwise());
  }

  /// As jsonb keeps it: names in another order.
  private static JsonNode stored(JsonNode node) {
    return sorted(Json.parseOwn(Json.write(node)));
  }

  private static JsonNode sorted(JsonNode node) {
    if (node instanceof ObjectNode object) {
      var names = new TreeMap<String, JsonNode>();
      object.properties().forEach(p -> names.put(p.getKey(), sorted(p.getValue())));
      var result = Json.object();
      names.forEach(result::set);
      return result;
    }
    if (node.isArray()) {
      var result = Json.array();
      node.forEach(element -> result.add(sorted(element)));
      return result;
    }
    return node;
  }
}
