package dev.stitchd.flagd.compile;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.FlagShape;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.Segment;
import dev.stitchd.ruleset.Serve;
import dev.stitchd.ruleset.Targeting;
import dev.stitchd.ruleset.ValueType;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Conditions and contexts for which an engine of flagd's once gave another variant, or none
/// without need.
///
/// @param ruleset a flag for each condition, and one that is off of it
/// @param contexts each of which is to be asked of every flag
record FoundRuleset(Ruleset ruleset, List<ObjectNode> contexts) {

  /// Members of what is no object.
  static FoundRuleset members() {
    var flags =
        flags(
            "{'attribute':'b.c','op':'exists'}",
            "{'attribute':'b.c','op':'notExists'}",
            "{'attribute':'b.c','op':'notEquals','values':[7]}",
            "{'attribute':'b.c','op':'notEquals','values':['x']}",
            "{'attribute':'b.c','op':'equals','values':[false]}",
            "{'attribute':'b.c.d','op':'notEquals','values':[7]}",
            "{'attribute':'b.c.d','op':'exists'}",
            "{'attribute':'b.c','op':'startsWith','values':['t']}",
            "{'not':{'attribute':'b.c','op':'semverLess','values':['1.0.0']}}");
    var onOff = onOff(ValueType.BOOLEAN, "true", "false");
    flags.put(
        "target",
        Flag.of(
            "target",
            onOff,
            new Targeting(
                true,
                "off",
                List.of(new Targeting.Target("b", "on", new LinkedHashSet<>(List.of("0", "k")))),
                List.of(),
                List.of(),
                new Serve.Fixed("off"))));
    var contexts =
        Stream.of(
                "0",
                "false",
                "''",
                "'text'",
                "'1.2.3'",
                "[]",
                "[{'c':1}]",
                "[1]",
                "['0']",
                "['1.2.3']",
                "[[0]]",
                "[{'999999999':1}]",
                "true",
                "null",
                "{}",
                "{'c':0}",
                "{'c':''}",
                "{'c':false}",
                "{'c':'t'}",
                "{'c':'1.2.3'}",
                "{'c':['t','u']}",
                "{'c':[{'d':1}]}",
                "{'c':{'d':1}}",
                "{'c':{'d':0}}",
                "{'key':'k'}",
                "{'key':['k']}",
                "{'c':1,'999999999':1}",
                "{'999999999':['t']}")
            .map(b -> (ObjectNode) parse("{'targetingKey':'u','b':" + b + "}"))
            .toList();
    return new FoundRuleset(Ruleset.of(flags, Map.of()), contexts);
  }

  /// Tests that nothing fails.
  static FoundRuleset nothings() {
    var flags =
        flags(
            "{'not':{'attribute':'t','op':'startsWith','values':['']}}",
            "{'not':{'attribute':'t','op':'contains','values':['']}}",
            "{'attribute':'t','op':'notIn','values':['a',1,true]}");
    var contexts =
        Stream.of("[]", "{'a':1}", "{}", "[['a,b']]", "[['a']]", "[{}]", "'a'", "1", "[1]", "null")
            .map(t -> (ObjectNode) parse("{'targetingKey':'u','t':" + t + "}"))
            .toList();
    return new FoundRuleset(Ruleset.of(flags, Map.of()), contexts);
  }

  /// Versions that some engine reads, or orders, otherwise.
  static FoundRuleset oddVersions() {
    var flags =
        flags(
            "{'attribute':'v','op':'semverLess','values':['2147483648.0.0']}",
            "{'not':{'attribute':'v','op':'semverLess','values':['2147483648.0.0']}}",
            "{'not':{'attribute':'v','op':'semverLess','values':['20250101123456.0.0']}}",
            "{'attribute':'v','op':'semverLess','values':['1.2.20250101123456']}",
            "{'attribute':'v','op':'semverLess','values':['9999999999.0.0']}",
            "{'attribute':'v','op':'semverCaret','values':['2147483647.0.0']}",
            "{'attribute':'v','op':'semverLess','values':['999999999.0.0']}",
            "{'attribute':'v','op':'semverLess','values':['1.2.3-0']}",
            "{'attribute':'v','op':'semverLess','values':['1.2.3--a']}",
            "{'attribute':'v','op':'semverLess','values':['1.2.3-5-']}",
            "{'attribute':'v','op':'semverLess','values':['1.2.3-a.2024-01-01']}",
            "{'attribute':'v','op':'semverLess','values':['1.2.3-50']}",
            "{'attribute':'v','op':'semverLess','values':['1.2.3-a.5']}",
            "{'attribute':'v','op':'semverGreaterOrEqual','values':['1.2.3']}",
            "{'not':{'attribute':'v','op':'semverGreaterOrEqual','values':['1.2.3']}}");
    return new FoundRuleset(
        Ruleset.of(flags, Map.of()),
        versions(
            "1.2.3",
            "v 1.2.3",
            "V 1.2.3",
            "v\\t1.2.3",
            "v\\u00a01.2.3",
            "v=1.2.3",
            "v.1.2.3",
            "vv1.2.3",
            "v",
            "1. 2.3",
            "1.2.3 -rc",
            " 1.2.3",
            "1.2.3\\n",
            "1.2.3\\u0000",
            "1.2.3--",
            "1.2.3--1",
            "1.2.3-a.-",
            "1.2.3-a.-5",
            "1.2.3-a--b",
            "1.2.3-5-",
            "1.2.3-4-5",
            "1.2.3-a.4-5",
            "1.2.3-a.5-.1",
            "1.2.3-2024-01-01",
            "1.2.3-20250101123456",
            "1.2.3-99999999999999999999",
            "2147483648.0.0",
            "2147483647.0.0",
            "1." + "2".repeat(300) + ".3",
            "1.2.3-" + "a".repeat(260)));
  }

  /// Versions that every engine reads.
  static FoundRuleset plainVersions() {
    var flags =
        flags(
            "{'attribute':'v','op':'semverEquals','values':['1.2.3']}",
            "{'attribute':'v','op':'semverLess','values':['1.3.0']}",
            "{'not':{'attribute':'v','op':'semverLess','values':['1.3.0']}}",
            "{'attribute':'v','op':'semverCaret','values':['1.2.3']}",
            "{'attribute':'v','op':'semverTilde','values':['1.2.3-rc.1']}");
    return new FoundRuleset(
        Ruleset.of(flags, Map.of()),
        versions(
            "1.2.3",
            "v1.2.3",
            "1.2.4",
            "2.0.0",
            "100.200.30000000",
            "1.2.3-rc.1",
            "1.2.3-rc.22",
            "1.2.3-SNAPSHOT",
            "1.2.3+build5",
            "nope",
            ""));
  }

  /// A variant with what engines put evaluators into.
  static FoundRuleset references() {
    var shape = onOff(ValueType.JSON, "{'x':{'$ref':'in~beta'},'y':[{'$ref' : 'in~beta~'}]}", "{}");
    var flag = flags("{'segment':'beta'}").values().iterator().next();
    var flags = new HashMap<String, Flag>();
    flags.put("f", Flag.of("f", shape, flag.targeting()));
    var when =
        Condition.fromJson(
            parse(
                "{'attribute':'plan','op':'in','values':['pro','team','enterprise','trial','other']}"));
    return new FoundRuleset(
        Ruleset.of(flags, Map.of("beta", Segment.of("beta", "user", when, null))),
        List.of(
            (ObjectNode) parse("{'targetingKey':'u','plan':'pro'}"),
            (ObjectNode) parse("{'targetingKey':'u','plan':'none'}")));
  }

  private static List<ObjectNode> versions(String... versions) {
    return Stream.of(versions)
        .map(version -> (ObjectNode) parse("{'targetingKey':'u','v':'" + version + "'}"))
        .toList();
  }

  private static Map<String, Flag> flags(String... conditions) {
    var flags = new HashMap<String, Flag>();
    for (var condition : conditions) {
      var rule =
          new Targeting.Rule(
              "r", null, Condition.fromJson(parse(condition)), new Serve.Fixed("on"));
      var key = "f" + flags.size();
      flags.put(
          key,
          Flag.of(
              key,
              onOff(ValueType.BOOLEAN, "true", "false"),
              new Targeting(
                  true, "off", List.of(), List.of(), List.of(rule), new Serve.Fixed("off"))));
    }
    return flags;
  }

  private static FlagShape onOff(ValueType type, String on, String off) {
    var variants = Json.object();
    variants.set("on", parse(on));
    variants.set("off", parse(off));
    var errors = new FieldErrors();
    var shape = FlagShape.read(type, variants, false, errors);
    errors.throwIfAny();
    return shape;
  }

  private static JsonNode parse(String text) {
    return Json.parseOwn(text.replace('\'', '"'));
  }
}
