package dev.stitchd.ruleset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.ruleset.condition.Matchers;
import dev.stitchd.ruleset.evaluation.EvaluationRun;
import dev.stitchd.ruleset.operator.Truth;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.StringNode;

/// Random trees against a reference that never stops early: false is 0, unknown 1, true 2; `all` is
/// the least, `any` the greatest, `not` is 2 − x.
class KleeneTest {

  private static final int SEED = 4_711;
  private static final EvaluationContext CONTEXT = Given.context("{'t':'yes','f':'no'}");

  @Test
  void treesFollowTheTruthTables() {
    for (int run = 0; run < 20_000; run++) {
      var tree = tree(new Random(SEED + run), 5);
      assertThat(value(test(tree)))
          .as("seed %d: %s", SEED + run, tree.toJson())
          .isEqualTo(reference(tree));
    }
  }

  @Test
  void emptyGroups() {
    assertThat(test(new Condition.All(List.of()))).isEqualTo(Truth.TRUE);
    assertThat(test(new Condition.Any(List.of()))).isEqualTo(Truth.FALSE);
  }

  @Test
  void notUnknownStaysUnknown() {
    assertThat(test(new Condition.Not(leaf("missing")))).isEqualTo(Truth.UNKNOWN);
  }

  private static Truth test(Condition condition) {
    return Matchers.compile(condition).test(new EvaluationRun(Ruleset.EMPTY, CONTEXT, Facts.NONE));
  }

  private static Condition tree(Random random, int depth) {
    return switch (depth == 0 ? 9 : random.nextInt(6)) {
      case 0, 1 -> new Condition.All(trees(random, depth));
      case 2, 3 -> new Condition.Any(trees(random, depth));
      case 4 -> new Condition.Not(tree(random, depth - 1));
      default -> leaf(List.of("t", "f", "missing").get(random.nextInt(3)));
    };
  }

  private static List<Condition> trees(Random random, int depth) {
    var trees = new ArrayList<Condition>();
    Stream.generate(() -> tree(random, depth - 1)).limit(random.nextInt(4)).forEach(trees::add);
    return trees;
  }

  private static Condition leaf(String attribute) {
    return new Condition.Attribute(attribute, Operator.EQUALS, List.of(StringNode.valueOf("yes")));
  }

  private static int value(Truth truth) {
    return switch (truth) {
      case FALSE -> 0;
      case UNKNOWN -> 1;
      case TRUE -> 2;
    };
  }

  private static int reference(Condition condition) {
    return switch (condition) {
      case Condition.All(var parts) ->
          parts.stream().mapToInt(KleeneTest::reference).min().orElse(2);
      case Condition.Any(var parts) ->
          parts.stream().mapToInt(KleeneTest::reference).max().orElse(0);
      case Condition.Not(var part) -> 2 - reference(part);
      case Condition.Attribute leaf ->
          switch (leaf.path()) {
            case "t" -> 2;
            case "f" -> 0;
            default -> 1;
          };
      case Condition.InSegment _, Condition.FlagGives _ -> throw new AssertionError(condition);
    };
  }
}
