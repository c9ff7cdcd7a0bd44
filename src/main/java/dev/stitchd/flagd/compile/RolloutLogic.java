package dev.stitchd.flagd.compile;

import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Serve;
import dev.stitchd.ruleset.Slot;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Rollouts: the model's slots are flagd's weights, and the model's hash is that of flagd's engines
/// from April 2026 on.
final class RolloutLogic {

  /// A text whose bucket is another with every earlier or later hash of flagd: there, it is 18 132
  /// and 75 315.
  private static final String PROBE = "stitchd";

  private static final int PROBE_BUCKET = 9_066;
  private static final String HERE = "here";
  private static final String ELSEWHERE = "elsewhere";

  /// Beyond it, engines write numbers differently.
  private static final long MAX_NUMBER = 1_000_000_000_000_000L;

  private RolloutLogic() {}

  /// @param unit whether there is something to bucket by
  /// @param variant what a context with that gets
  record Rollout(Logic unit, Logic variant) {}

  /// The one variant that has all buckets, or of a fixed serve; null if several share them.
  static @Nullable String only(Serve serve) {
    return switch (serve) {
      case Serve.Fixed(var variant) -> variant;
      case Serve.Rollout rollout -> {
        var variants =
            rollout.slots().stream()
                .filter(slot -> slot.width() > 0)
                .map(Slot::variant)
                .distinct()
                .toList();
        yield variants.size() == 1 ? variants.getFirst() : null;
      }
    };
  }

  static Rollout of(Serve.Rollout rollout, String path) {
    var by = Var.of(rollout.bucketBy());
    if (by == null) {
      return gap(path, "JSONLogic cannot name the attribute '" + rollout.bucketBy() + "'");
    }
    if (!StandardCharsets.US_ASCII.newEncoder().canEncode(rollout.salt())) {
      return gap(path, "engines hash characters beyond ASCII differently, and the salt has some");
    }
    var unit = by.logic();
    var isText = Logic.all(ValueLogic.isText(unit), unit.differs(Logic.text("")));
    var isUnit =
        by.equals(Var.TARGETING_KEY)
            ? isText
            : Logic.all(by.isReached(), Logic.any(isText, ValueLogic.isNumber(unit)))
                .requiring(new Requirement.Unit(by));
    var text = Logic.op("cat", Logic.text(rollout.salt() + ":"), unit);
    return new Rollout(isUnit, split(text, rollout.slots()).requiring(new Requirement.Hash()));
  }

  private static Rollout gap(String path, String reason) {
    var gap = Logic.gap(path, reason);
    return new Rollout(gap, gap);
  }

  /// What [Requirement.Hash] asks for.
  static Logic hashes() {
    var split =
        split(
            Logic.op("cat", Logic.text(PROBE), Logic.text("")), // flagd's schema takes no constant
            List.of(
                new Slot(ELSEWHERE, PROBE_BUCKET),
                new Slot(HERE, 1),
                new Slot(ELSEWHERE, Slot.TOTAL - PROBE_BUCKET - 1)));
    return split.same(Logic.text(HERE));
  }

  /// What [Requirement.Unit] asks for.
  static Logic isPlain(Var attribute) {
    var value = attribute.logic();
    var isShortWhole =
        Logic.all(
            value.differs(Logic.number(0)),
            Logic.op(">", value, Logic.number(-MAX_NUMBER)),
            Logic.op("<", value, Logic.number(MAX_NUMBER)),
            Logic.op("%", value, Logic.number(1)).same(Logic.number(0)));
    return Logic.any(attribute.isReached().not(), ValueLogic.isNumber(value).not(), isShortWhole);
  }

  private static Logic split(Logic text, List<Slot> slots) {
    var operands = new java.util.ArrayList<Logic>();
    operands.add(text);
    slots.forEach(slot -> operands.add(Logic.constant(weight(slot))));
    return Logic.op("fractional", operands);
  }

  private static JsonNode weight(Slot slot) {
    return Json.array().add(slot.variant()).add(slot.width());
  }
}
