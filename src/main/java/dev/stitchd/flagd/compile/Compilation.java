package dev.stitchd.flagd.compile;

import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.Segment;
import dev.stitchd.ruleset.Serve;
import dev.stitchd.ruleset.Targeting;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// The items of one ruleset, each compiled once. Confined to one thread.
final class Compilation implements ConditionLogic.Items {

  /// Where a segment belongs in a condition: asked where it is true, or where it is false.
  private record Asked(String segment, boolean truth) {}

  /// How many characters one compilation writes, all flags and segments that are written out again
  /// within others included: so that no ruleset, whatever refers to what, takes longer than a few
  /// seconds.
  private static final long MOST_WRITTEN = 64L << 20;

  /// A reference is worth its place only for more than this.
  private static final int SHORT = 80;

  /// JavaScript, Python and Java put an evaluator in the place of its name as text, each with signs
  /// of its own that it takes for more than text.
  private static final Pattern PLAIN = Pattern.compile("[ -~&&[^\\\\$]]*");

  private final Ruleset ruleset;
  private final Map<String, ListedKeys> members;
  private final Map<String, FlagLogic> flags = new HashMap<>();
  private final Map<Asked, Logic> segments = new HashMap<>();
  private final TreeMap<String, JsonNode> evaluators = new TreeMap<>();
  private final Set<ItemName> open = new HashSet<>();
  private final Map<String, Boolean> isPlain = new HashMap<>();
  private @Nullable Set<String> namedInVariants;
  private int withinSegments;
  private long written;

  Compilation(Ruleset ruleset, Map<String, ListedKeys> members) {
    this.ruleset = ruleset;
    this.members = members;
  }

  FlagLogic flag(Flag flag) {
    var before = flags.get(flag.key());
    if (before != null) {
      return before;
    }
    var name = ItemName.flag(flag.key());
    if (!open.add(name)) {
      return FlagLogic.gap("the flag depends on itself");
    }
    var logic = compile(flag);
    open.remove(name);
    flags.put(flag.key(), logic);
    written += Math.min(logic.targeting().size(), FlagSets.FLAG_SIZE);
    return logic;
  }

  /// What flags refer to, by name.
  SequencedMap<String, JsonNode> evaluators() {
    return evaluators;
  }

  @Override
  public Logic gives(String flagKey, List<String> variants, String path) {
    var flag = ruleset.flag(flagKey);
    if (flag == null) {
      return Logic.FALSE;
    }
    var variant = flag(flag).variant().within(path, ItemName.flag(flagKey).toString());
    var always = variant.asText();
    return always == null
        ? variant.isIn(Logic.texts(variants))
        : variants.contains(always) ? Logic.TRUE : Logic.FALSE;
  }

  @Override
  public Logic segment(String key, boolean truth, String path) {
    var segment = ruleset.segment(key);
    if (segment == null) {
      return Logic.FALSE;
    }
    var logic = compiled(segment, truth).within(path, ItemName.segment(key).toString());
    return withinSegments > 0 ? logic : shared(key, truth, logic);
  }

  private FlagLogic compile(Flag flag) {
    var targeting = flag.targeting();
    if (!targeting.enabled()) {
      return FlagLogic.always(targeting.offVariant());
    }
    if (written > MOST_WRITTEN) {
      return FlagLogic.gap(
          "the flags that it names are written out so often that no set may have them");
    }
    return flag.unsupported() == null
        ? compile(targeting)
        : FlagLogic.gap("this version of the server cannot read the flag: " + flag.unsupported());
  }

  /// In the order of the model's table. Segments within a flag are references even where the flag
  /// itself is named within a segment: then they are written out.
  private FlagLogic compile(Targeting targeting) {
    var conditions = new ConditionLogic(this);
    var off = Logic.text(targeting.offVariant());
    var branches = new FlagLogic.Branches();
    branches.add(prerequisites(targeting).not(), off);
    for (int i = 0; i < targeting.targets().size(); i++) {
      var target = targeting.targets().get(i);
      branches.add(isOneOf(target, "targets[" + i + "]"), Logic.text(target.variant()));
    }
    for (int i = 0; i < targeting.rules().size(); i++) {
      var rule = targeting.rules().get(i);
      var path = "rules[" + i + "]";
      serve(
          branches,
          conditions.of(rule.when(), true, path + ".when"),
          rule.serve(),
          path + ".serve");
    }
    var only = RolloutLogic.only(targeting.otherwise());
    if (only != null) {
      return branches.otherwise(only);
    }
    serve(branches, Logic.TRUE, targeting.otherwise(), "default");
    return branches.otherwise(targeting.offVariant());
  }

  /// A rule whose rollout finds nothing to bucket by does not match.
  private static void serve(FlagLogic.Branches branches, Logic when, Serve serve, String path) {
    var only = RolloutLogic.only(serve);
    if (only == null && serve instanceof Serve.Rollout rollout) {
      var split = RolloutLogic.of(rollout, path);
      branches.add(Logic.all(when, split.unit()), split.variant());
    } else {
      branches.add(when, Logic.text(String.valueOf(only)));
    }
  }

  private Logic prerequisites(Targeting targeting) {
    var all = new ArrayList<Logic>();
    for (var prerequisite : targeting.prerequisites()) {
      var flag = ruleset.flag(prerequisite.flag());
      all.add(
          flag == null || !flag.targeting().enabled()
              ? Logic.FALSE
              : gives(
                  prerequisite.flag(),
                  prerequisite.variants(),
                  "prerequisites[" + all.size() + "]"));
    }
    return Logic.all(all);
  }

  private static Logic isOneOf(Targeting.Target target, String path) {
    var key = Var.keyOf(target.contextType());
    if (key == null) {
      return Logic.gap(path, cannotName(target.contextType()));
    }
    var isOne = isOneOf(key, target.keys());
    return key.equals(Var.TARGETING_KEY)
        ? isOne
        : Logic.all(
            key.isReached(),
            ValueLogic.isText(key.logic()),
            isOne); // to Go, any text is the number 0
  }

  /// An empty key is none.
  private static Logic isOneOf(Var key, Collection<String> keys) {
    var known = keys.stream().filter(k -> !k.isEmpty()).sorted().toList();
    return known.isEmpty() ? Logic.FALSE : key.logic().isIn(Logic.texts(known));
  }

  private Logic compiled(Segment segment, boolean truth) {
    var asked = new Asked(segment.key(), truth);
    var before = segments.get(asked);
    if (before != null) {
      return before;
    }
    var name = ItemName.segment(segment.key());
    if (!open.add(name)) {
      return Logic.gap("", "the segment depends on itself");
    }
    var logic = written(() -> compile(segment, truth));
    open.remove(name);
    segments.put(asked, logic);
    written += Math.min(logic.size(), FlagSets.FLAG_SIZE);
    return logic;
  }

  private Logic compile(Segment segment, boolean truth) {
    var key = Var.keyOf(segment.contextType());
    if (segment.unsupported() != null || key == null) {
      return Logic.gap(
          "",
          key == null
              ? cannotName(segment.contextType())
              : "this version of the server cannot read it: " + segment.unsupported());
    }
    var lists =
        segment.list() == null ? new ListedKeys(Set.of(), Set.of()) : members.get(segment.key());
    if (lists == null) {
      return Logic.gap(
          "", "the members of its list stay on the server: there are too many for a set");
    }
    var when = segment.when();
    var condition =
        when == null
            ? (truth ? Logic.FALSE : Logic.TRUE)
            : new ConditionLogic(this).of(when, truth, "when");
    var included = isOneOf(key, lists.included());
    var excluded = isOneOf(key, lists.excluded());
    var value = key.logic();
    return Logic.all(
        key.isReached(),
        ValueLogic.isText(value),
        value.differs(Logic.text("")),
        truth
            ? Logic.all(excluded.not(), Logic.any(included, condition))
            : Logic.any(excluded, Logic.all(included.not(), condition)));
  }

  /// Evaluators cannot name evaluators, so within a segment all that it names is written out, and
  /// flags that were compiled with references are compiled again.
  private Logic written(Supplier<Logic> compiled) {
    var withReferences = withinSegments == 0 ? Map.copyOf(flags) : Map.<String, FlagLogic>of();
    if (withinSegments++ == 0) {
      flags.clear();
    }
    var logic = compiled.get();
    if (--withinSegments == 0) {
      flags.clear();
      flags.putAll(withReferences);
    }
    return logic;
  }

  private Logic shared(String key, boolean truth, Logic logic) {
    if (logic.size() < SHORT
        || logic.size() > FlagSets.FLAG_SIZE
        || logic.depth() > FlagSets.DEPTH // deeper than can be written, and never in a set
        || !logic.gaps().isEmpty()) {
      return logic;
    }
    var name = (truth ? "in~" : "not-in~") + key.replace('.', '~');
    while (namedInVariants().contains(name)) {
      name += "~";
    }
    if (!isPlain.computeIfAbsent(name, _ -> PLAIN.matcher(Json.write(logic.json())).matches())) {
      return logic;
    }
    evaluators.putIfAbsent(name, logic.json());
    return logic.as(Json.object().put("$ref", name));
  }

  /// What the values of variants refer to: engines put evaluators there, too.
  private Set<String> namedInVariants() {
    if (namedInVariants == null) {
      namedInVariants = new HashSet<>();
      for (var flag : ruleset.flags().values()) {
        for (var value : flag.shape().variants().values()) {
          value.findValues("$ref").forEach(name -> namedInVariants.add(name.asString("")));
        }
      }
    }
    return namedInVariants;
  }

  private static String cannotName(String contextType) {
    return "JSONLogic cannot name the key of the context type '" + contextType + "'";
  }
}
