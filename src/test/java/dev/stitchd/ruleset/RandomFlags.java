package dev.stitchd.ruleset;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.rollout.Reweighting;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Makes valid flags of every kind, the same for the same seed.
final class RandomFlags {

  private final Random random;

  RandomFlags(long seed) {
    this.random = new Random(seed);
  }

  FlagShape shape() {
    var type = pick(List.of(ValueType.values()));
    var variants = Json.object();
    IntStream.range(0, 1 + random.nextInt(5)).forEach(i -> variants.set("v" + i, value(type, i)));
    var errors = new FieldErrors();
    var shape = FlagShape.read(type, variants, random.nextBoolean(), errors);
    errors.throwIfAny();
    return shape;
  }

  private JsonNode value(ValueType type, int i) {
    return switch (type) {
      case BOOLEAN -> Given.json(String.valueOf(random.nextBoolean()));
      case STRING -> Given.json("'text " + i + " ünï'");
      case INTEGER ->
          Given.json(
              String.valueOf(random.nextLong(-ValueType.MAX_INTEGER, ValueType.MAX_INTEGER)));
      case NUMBER ->
          Given.json(
              pick(List.of("10", "10.0", "-0.5", "1e300", String.valueOf(random.nextDouble()))));
      case JSON -> Given.json(pick(List.of("{}", "[]", "{'a':[1,2.5,null,{'b':true}]}", "[10.0]")));
    };
  }

  Targeting targeting(FlagShape shape) {
    return new Targeting(
        random.nextBoolean(),
        variant(shape),
        list(3, () -> target(shape)),
        list(3, () -> new Targeting.Prerequisite("flag-" + random.nextInt(9), List.of("on", "x"))),
        rules(shape),
        serve(shape));
  }

  private Targeting.Target target(FlagShape shape) {
    var keys = new LinkedHashSet<>(list(5, () -> "key " + random.nextInt(1_000_000)));
    return new Targeting.Target(pick(List.of("user", "organization")), variant(shape), keys);
  }

  private List<Targeting.Rule> rules(FlagShape shape) {
    return IntStream.range(0, random.nextInt(4))
        .mapToObj(i ->
            new Targeting.Rule(
                "rule-" + i,
                random.nextBoolean() ? "rule number " + i : null,
                condition(4),
                serve(shape)))
        .toList();
  }

  Serve serve(FlagShape shape) {
    if (random.nextBoolean()) {
      return new Serve.Fixed(variant(shape));
    }
    var layout = new Reweighting.Layout(Reweighting.fresh(weights(shape)), List.of());
    var weights = Reweighting.widths(layout.slots());
    for (int i = random.nextInt(4); i > 0; i--) {
      weights = weights(shape);
      layout = Reweighting.reweigh(layout, weights);
    }
    return new Serve.Rollout(
        pick(List.of("targetingKey", "organization.key")),
        weights,
        "salt" + random.nextInt(),
        layout.slots(),
        layout.history());
  }

  private Map<String, Integer> weights(FlagShape shape) {
    var weights = new LinkedHashMap<String, Integer>();
    shape.variants().keySet().forEach(v -> weights.put(v, 0));
    for (int left = Slot.TOTAL; left > 0; ) {
      int part = 1 + random.nextInt(left);
      weights.merge(variant(shape), part, Integer::sum);
      left -= part;
    }
    return weights;
  }

  Condition condition(int depth) {
    return switch (random.nextInt(depth == 0 ? 5 : 8)) {
      case 0 -> new Condition.InSegment("segment-" + random.nextInt(9));
      case 1 -> new Condition.FlagGives("flag-" + random.nextInt(9), List.of("on", "off"));
      case 2, 3, 4 -> attribute();
      case 5 -> new Condition.All(list(3, () -> condition(depth - 1)));
      case 6 -> new Condition.Any(list(3, () -> condition(depth - 1)));
      default -> new Condition.Not(condition(depth - 1));
    };
  }

  private Condition attribute() {
    var operator = pick(List.of(Operator.values()));
    var node = Json.object().put("attribute", pick(List.of("a", "b.c", "targetingKey")));
    node.put("op", operator.wire());
    var values = OperatorSamples.valuesOf(operator);
    if (values != null) {
      node.set("values", Given.json(values));
    }
    return Condition.fromJson(node);
  }

  /// A context that some of the conditions speak of.
  ObjectNode context() {
    var context = Json.object();
    if (random.nextInt(4) > 0) {
      context.put("targetingKey", "u" + random.nextInt(100));
    }
    context.set(
        "a",
        Given.json(
            pick(
                List.of(
                    "'a'",
                    "'b'",
                    "1",
                    "3.5",
                    "true",
                    "[]",
                    "['a',1]",
                    "'1.2.3'",
                    "'10.1.1.1'",
                    "'2025-01-01T00:00:00Z'",
                    "null"))));
    context.putObject("b").set("c", Given.json(pick(List.of("'aab'", "2", "['x']", "{}"))));
    context.putObject("organization").put("key", "o" + random.nextInt(100));
    return context;
  }

  private String variant(FlagShape shape) {
    return pick(new ArrayList<>(shape.variants().keySet()));
  }

  private <T> List<T> list(int most, Supplier<T> element) {
    return Stream.generate(element).limit(random.nextInt(most + 1)).toList();
  }

  private <T> T pick(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
