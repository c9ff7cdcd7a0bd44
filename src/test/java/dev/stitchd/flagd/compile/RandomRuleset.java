package dev.stitchd.flagd.compile;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.FlagShape;
import dev.stitchd.ruleset.Operator;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.Segment;
import dev.stitchd.ruleset.Serve;
import dev.stitchd.ruleset.Slot;
import dev.stitchd.ruleset.Targeting;
import dev.stitchd.ruleset.ValueType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Flags and segments that name one another, and contexts they speak of; the same for the same
/// seed. Where there are rollouts, contexts hold ASCII alone: engines hash other text differently.
public final class RandomRuleset {

  private static final List<String> PATHS =
      List.of("a", "a", "a", "b.c", "targetingKey", "version", "organization.key", "$now", "never");
  private static final List<String> TEXTS =
      List.of("'a'", "'ab'", "'abc'", "''", "'5'", "'true'", "'ü\\\"\\\\$&'", "'u1'", "'o1'");
  private static final List<String> NUMBERS =
      List.of("0", "1", "5", "-1", "2.5", "1e21", "3000000000", "0.1");
  private static final List<String> VERSIONS =
      List.of("'1.2.3'", "'v1.2'", "'2'", "'1.2.3-rc.1'", "'0.3.1'", "'0.0.4'", "'1.10.0'");
  private static final List<String> TIMES =
      List.of("'2020-01-01'", "'2100-01-01T00:00:00.5Z'", "1704067200000", "9999999999999");
  private static final List<String> VALUES =
      Stream.of(TEXTS, NUMBERS, VERSIONS)
          .flatMap(List::stream)
          .filter(value -> !value.equals("1e21"))
          .toList();
  private static final List<String> ODD =
      List.of(
          "true",
          "false",
          "null",
          "[]",
          "[1]",
          "['a']",
          "['a',5,true]",
          "['abc','ab']",
          "[null]",
          "[['a']]",
          "[[]]",
          "{}",
          "{'key':'o1'}",
          "[5,2.5]",
          "[true]",
          "[0]",
          "[{}]",
          "-0.0",
          "1.0");

  /// What is nobody's key, though it may look like one.
  private static final List<String> NO_KEYS = List.of("0", "5", "''", "null", "true", "['o1']");

  /// What has no members, though engines may find some there.
  private static final List<String> NO_OBJECTS =
      List.of("0", "false", "''", "'text'", "[]", "[{'c':1}]", "['a']", "true", "null");

  private final Random random;
  private final boolean rollouts;
  private final String prefix;
  private final Map<String, Flag> flags = new HashMap<>();
  private final Map<String, Segment> segments = new HashMap<>();
  private final Map<String, ListedKeys> members = new HashMap<>();

  RandomRuleset(long seed, boolean rollouts) {
    this(seed, rollouts, "");
  }

  /// @param prefix of all keys, so that several go into one environment
  public RandomRuleset(long seed, boolean rollouts, String prefix) {
    this.random = new Random(seed);
    this.rollouts = rollouts;
    this.prefix = prefix;
    for (int i = 0; i < 4; i++) {
      var segment = prefix + "s." + i;
      segments.put(segment, segment(segment));
      flags.put(prefix + "f" + i, flag(prefix + "f" + i));
    }
  }

  public Ruleset ruleset() {
    return Ruleset.of(flags, segments);
  }

  public Map<String, ListedKeys> members() {
    return members;
  }

  public ObjectNode context() {
    var context = Json.object();
    if (random.nextInt(5) > 0) {
      context.put("targetingKey", "u" + random.nextInt(20));
    } else if (random.nextBoolean()) {
      context.put("targetingKey", "");
    }
    maybe(context, "a");
    if (random.nextInt(10) == 0) {
      context.set("b", json(pick(NO_OBJECTS)));
    } else if (random.nextInt(5) > 0) {
      maybe(context.putObject("b"), "c");
    }
    if (random.nextInt(3) > 0) {
      context.set(
          "version",
          json(
              pick(
                  List.of(
                      "'1.2.3'",
                      "'1.2.4'",
                      "'v1.2.3'",
                      "'1'",
                      "'0.3.9'",
                      "'1.2.3-rc.1'",
                      "'1.2.3-rc.2'",
                      "'1.5.0-beta'",
                      "'1.2.3+5'",
                      "'nope'",
                      "''",
                      "'1.2.x'",
                      "'10.0.0'",
                      "5",
                      "'01.2.3'"))));
    }
    if (random.nextInt(4) > 0) {
      var key = "'o" + random.nextInt(5) + "'";
      context
          .putObject("organization")
          .set("key", json(random.nextInt(10) == 0 ? pick(NO_KEYS) : key));
    }
    return context;
  }

  private void maybe(ObjectNode object, String name) {
    if (random.nextInt(5) > 0) {
      var value = json(pick(random.nextInt(3) == 0 ? ODD : VALUES));
      boolean hashedAlike =
          !rollouts || !value.isString() || value.stringValue().chars().allMatch(c -> c < 128);
      object.set(name, hashedAlike ? value : json("'a'"));
    }
  }

  private Segment segment(String key) {
    boolean list = random.nextInt(3) == 0;
    if (list) {
      members.put(key, new ListedKeys(new LinkedHashSet<>(keys()), new LinkedHashSet<>(keys())));
    }
    return Segment.of(
        key,
        pick(List.of("user", "organization")),
        list && random.nextBoolean() ? null : condition(2),
        list ? new Segment.ListVersion(1, 1) : null);
  }

  private List<String> keys() {
    return list(4, () -> pick(List.of("u", "o")) + random.nextInt(5));
  }

  private Flag flag(String key) {
    var type = pick(List.of(ValueType.values()));
    var variants = Json.object();
    for (int i = 0; i < 3; i++) {
      variants.set("v" + i, value(type, i));
    }
    var errors = new FieldErrors();
    var shape = FlagShape.read(type, variants, false, errors);
    errors.throwIfAny();
    var rules = new ArrayList<Targeting.Rule>();
    for (int i = random.nextInt(4); i > 0; i--) {
      rules.add(new Targeting.Rule("r" + i, null, condition(3), serve()));
    }
    return Flag.of(
        key,
        shape,
        new Targeting(
            random.nextInt(8) > 0,
            variant(),
            list(
                2,
                () ->
                    new Targeting.Target(
                        pick(List.of("user", "organization")),
                        variant(),
                        new LinkedHashSet<>(keys()))),
            random.nextInt(4) > 0
                ? List.of()
                : list(2, () -> new Targeting.Prerequisite(other(), List.of("v0", variant()))),
            rules,
            serve()));
  }

  private static JsonNode value(ValueType type, int i) {
    return switch (type) {
      case BOOLEAN -> json(String.valueOf(i == 1));
      case STRING -> json("'text " + i + " ünï'");
      case INTEGER -> json(String.valueOf(i * 9007199254740991L / 2));
      case NUMBER -> json(i + ".5");
      case JSON -> json("{'a':[" + i + ",null,{'b':true}]}");
    };
  }

  private Serve serve() {
    if (!rollouts || random.nextBoolean()) {
      return new Serve.Fixed(variant());
    }
    var slots = new ArrayList<Slot>();
    var weights = new HashMap<String, Integer>();
    for (int left = Slot.TOTAL; left > 0; ) {
      int width = slots.size() == 5 ? left : random.nextInt(left + 1);
      slots.add(new Slot(variant(), width));
      left -= width;
    }
    return new Serve.Rollout(
        pick(List.of("targetingKey", "targetingKey", "organization.key", "a")),
        weights,
        "salt" + random.nextInt(),
        slots,
        List.of());
  }

  private Condition condition(int depth) {
    return switch (random.nextInt(depth == 0 ? 7 : 11)) {
      case 0 ->
          new Condition.InSegment(
              segments.isEmpty() ? "none" : prefix + "s." + random.nextInt(segments.size()));
      case 1 -> new Condition.FlagGives(other(), List.of("v0", variant()));
      case 2, 3, 4, 5, 6 -> attribute();
      case 7, 8 -> new Condition.All(list(3, () -> condition(depth - 1)));
      case 9 -> new Condition.Any(list(3, () -> condition(depth - 1)));
      default -> new Condition.Not(condition(depth - 1));
    };
  }

  /// One that is there already, so that none depends on itself.
  private String other() {
    return flags.isEmpty() ? "none" : prefix + "f" + random.nextInt(flags.size());
  }

  private Condition attribute() {
    var path = pick(PATHS);
    var operator = operator(path);
    var node = Json.object().put("attribute", path).put("op", operator.wire());
    var pool = pool(operator);
    if (!pool.isEmpty()) {
      var values = node.putArray("values");
      values.add(json(pick(pool)));
      list(2, () -> values.add(json(pick(pool))));
    }
    return Condition.fromJson(node);
  }

  private Operator operator(String path) {
    while (true) {
      var operator = pick(List.of(Operator.values()));
      boolean timed = operator == Operator.BEFORE || operator == Operator.AFTER;
      boolean version = operator.wire().startsWith("semver");
      boolean fits =
          switch (path) {
            case "$now" -> timed || operator == Operator.EXISTS;
            case "version" -> version || random.nextInt(4) == 0;
            default -> !timed && !version;
          };
      boolean sayable =
          switch (operator) {
            case MATCHES, IN_CIDR, EQUALS_IGNORE_CASE, CONTAINS_IGNORE_CASE ->
                random.nextInt(20) == 0;
            default -> !timed || path.equals("$now");
          };
      if (fits && sayable) {
        return operator;
      }
    }
  }

  private List<String> pool(Operator operator) {
    return switch (operator) {
      case EQUALS, NOT_EQUALS, IN, NOT_IN ->
          random.nextInt(3) == 0
              ? Stream.of(TEXTS, NUMBERS.subList(0, 5), List.of("true", "false"))
                  .flatMap(List::stream)
                  .toList()
              : pick(List.of(TEXTS, NUMBERS.subList(0, 5), List.of("true", "false")));
      case CONTAINS, STARTS_WITH, ENDS_WITH, EQUALS_IGNORE_CASE, CONTAINS_IGNORE_CASE -> TEXTS;
      case MATCHES -> List.of("'^a'");
      case LESS_THAN, LESS_OR_EQUAL, GREATER_THAN, GREATER_OR_EQUAL ->
          NUMBERS.stream().filter(number -> !number.equals("1e21")).toList();
      case BEFORE, AFTER -> TIMES;
      case SEMVER_EQUALS,
          SEMVER_LESS,
          SEMVER_LESS_OR_EQUAL,
          SEMVER_GREATER,
          SEMVER_GREATER_OR_EQUAL,
          SEMVER_TILDE,
          SEMVER_CARET ->
          VERSIONS;
      case IN_CIDR -> List.of("'10.0.0.0/8'");
      case EXISTS, NOT_EXISTS -> List.of();
    };
  }

  private String variant() {
    return "v" + random.nextInt(3);
  }

  private static JsonNode json(String text) {
    return Json.parseOwn(text.replace('\'', '"'));
  }

  private <T> List<T> list(int most, Supplier<T> element) {
    return Stream.generate(element).limit(random.nextInt(most + 1)).toList();
  }

  private <T> T pick(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
