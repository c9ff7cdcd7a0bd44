package dev.stitchd.flagd.compile;

import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.ValueType;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Compiles rulesets to what flagd's providers evaluate.
public final class FlagSets {

  /// How many characters the expression of one flag may have, all that it names written out.
  public static final int FLAG_SIZE = 256 * 1024;

  /// How deep operators may nest: Python's engine calls itself for each, and has 1 000 calls.
  public static final int DEPTH = 100;

  /// What a flag gives where it would not be exact: no variant is called so, and the engine says
  /// its name in the error.
  static final String NOT_HERE = "not decidable by this provider: see Stitchd's docs on flagd sync";

  private static final int NAMED_IN_METADATA = 100;

  private FlagSets() {}

  /// The flags of a ruleset, those that can be said exactly.
  ///
  /// @param id what the set is called in its metadata
  /// @param members of the segments with lists; where they are missing, they stay on the server
  public static FlagSet compile(Ruleset ruleset, Map<String, ListedKeys> members, String id) {
    var compilation = new Compilation(ruleset, members);
    var flags = new StringBuilder();
    var leftOut = new LinkedHashMap<String, List<LeftOut>>();
    for (var flag : new TreeMap<>(ruleset.flags()).values()) {
      var logic = compilation.flag(flag);
      var reasons = reasons(flag, logic);
      if (reasons.isEmpty()) {
        flags
            .append(flags.isEmpty() ? "" : ",")
            .append(Json.write(Json.object().stringNode(flag.key())))
            .append(':')
            .append(Json.write(json(flag, logic)));
      } else {
        leftOut.put(flag.key(), reasons);
      }
    }
    var head = Json.object().put("$schema", "https://flagd.dev/schema/v0/flags.json");
    head.set("metadata", metadata(id, leftOut));
    var evaluators = head.putObject("$evaluators");
    compilation
        .evaluators()
        .forEach((name, logic) -> {
          if (flags.indexOf("{\"$ref\":\"" + name + "\"}") >= 0) {
            evaluators.set(name, logic); // not for flags that were left out
          }
        });
    var text = Json.write(head);
    return new FlagSet(
        text.substring(0, text.length() - 1) + ",\"flags\":{" + flags + "}}", leftOut);
  }

  /// Why a flag is not in the set of its ruleset, without making the others; nothing if it is in
  /// it, or there is no such flag.
  ///
  /// @param members as in [#compile]
  public static List<LeftOut> leftOut(
      Ruleset ruleset, Map<String, ListedKeys> members, String flagKey) {
    var flag = ruleset.flag(flagKey);
    return flag == null ? List.of() : reasons(flag, new Compilation(ruleset, members).flag(flag));
  }

  private static List<LeftOut> reasons(Flag flag, FlagLogic logic) {
    var reasons = new ArrayList<>(logic.targeting().gaps());
    reasons.sort(Comparator.comparing(LeftOut::path).thenComparing(LeftOut::reason));
    var list = listVariant(flag);
    if (list != null) {
      reasons.add(
          new LeftOut("", "the variant '" + list + "' is a list, and flagd takes only objects"));
    }
    var rounded = roundedVariant(flag);
    if (rounded != null) {
      reasons.add(
          new LeftOut(
              "",
              "the variant '"
                  + rounded
                  + "' has a whole number that JavaScript reads as another one"));
    }
    if (logic.targeting().size() > FLAG_SIZE) {
      reasons.add(
          new LeftOut(
              "",
              "its rules, with all that they name, are larger than " + FLAG_SIZE + " characters"));
    }
    if (logic.targeting().depth() > DEPTH) {
      reasons.add(
          new LeftOut(
              "", "its rules, with all that they name, nest deeper than " + DEPTH + " operators"));
    }
    return List.copyOf(reasons);
  }

  private static @Nullable String listVariant(Flag flag) {
    if (flag.shape().type() != ValueType.JSON) {
      return null;
    }
    for (var variant : flag.shape().variants().entrySet()) {
      if (variant.getValue().isArray()) {
        return variant.getKey();
      }
    }
    return null;
  }

  private static @Nullable String roundedVariant(Flag flag) {
    for (var variant : flag.shape().variants().entrySet()) {
      if (!isExact(variant.getValue())) {
        return variant.getKey();
      }
    }
    return null;
  }

  /// Whether every number in it is what a double says.
  private static boolean isExact(JsonNode value) {
    if (value.isContainer()) {
      return value.valueStream().allMatch(FlagSets::isExact);
    }
    return !value.isNumber()
        || Double.isFinite(value.doubleValue())
            && (!value.isIntegralNumber()
                || new BigDecimal(value.doubleValue()).compareTo(value.decimalValue()) == 0);
  }

  /// A flag that is off is one without targeting: of a disabled one, providers give the
  /// application's default.
  private static ObjectNode json(Flag flag, FlagLogic logic) {
    var json = Json.object().put("state", "ENABLED");
    var variants = json.putObject("variants");
    flag.shape().variants().forEach(variants::set);
    json.put("defaultVariant", logic.otherwise());
    if (!logic.isStatic()) {
      json.set("targeting", guarded(logic.targeting()).json());
    }
    return json;
  }

  private static Logic guarded(Logic targeting) {
    var required = new TreeSet<>(targeting.requires()).stream().map(Requirement::logic).toList();
    return required.isEmpty()
        ? targeting
        : Logic.op("if", Logic.all(required), targeting, Logic.text(NOT_HERE));
  }

  private static ObjectNode metadata(String id, SequencedMap<String, List<LeftOut>> leftOut) {
    var metadata = Json.object().put("flagSetId", id);
    if (!leftOut.isEmpty()) {
      var named = leftOut.sequencedKeySet().stream().limit(NAMED_IN_METADATA).toList();
      int more = leftOut.size() - named.size();
      metadata.put("leftOut", String.join(",", named) + (more == 0 ? "" : "," + more + " more"));
    }
    return metadata;
  }
}
