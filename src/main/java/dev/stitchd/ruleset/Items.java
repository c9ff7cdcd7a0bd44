package dev.stitchd.ruleset;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.condition.References;
import dev.stitchd.ruleset.targeting.StoredJson;
import dev.stitchd.ruleset.targeting.TargetingJson;
import dev.stitchd.ruleset.targeting.VariantUses;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The published form of flags and segments: what SDKs are sent and what every node evaluates.
/// Unknown fields of an item are ignored when reading, so that an older node can read what a newer
/// one published; within rules, conditions, targets, prerequisites and what they serve they are
/// not. An item whose meaning another new field changes names it under `requires`, a list of names
/// of which this version knows none.
public final class Items {

  /// Characters of what is said of an item that cannot be read.
  private static final int MAX_REASON = 500;

  private Items() {}

  /// A flag's published form: with salts and slots, without descriptions and weights.
  public static ObjectNode flag(FlagShape shape, Targeting targeting) {
    var item = Json.object().put("type", shape.type().wire());
    var variants = item.putObject("variants");
    shape.variants().forEach(variants::set);
    item.put("clientVisible", shape.clientVisible());
    item.setAll(TargetingJson.write(targeting.published(), false));
    return item;
  }

  /// Reads a published flag; if it is damaged, or uses what this version does not know, as one that
  /// gives its off variant and says what could not be read.
  public static Flag readFlagAsKnown(String key, JsonNode item) {
    try {
      var flag = readFlag(key, item);
      checkVariants(flag);
      return flag;
    } catch (RuntimeException e) { // whatever is wrong with one item, the others are served
      return offFlag(key, item, reason(e));
    }
  }

  private static Flag offFlag(String key, JsonNode item, String unsupported) {
    var type = ValueType.of(item.path("type").asString(""));
    var variants = new LinkedHashMap<String, JsonNode>();
    if (type != null) {
      item.path("variants")
          .properties()
          .forEach(variant -> {
            var value = type.normalise(variant.getValue());
            if (value != null) {
              variants.put(variant.getKey(), value);
            }
          });
    }
    var visible = item.path("clientVisible");
    var enabled = item.path("enabled");
    return Flag.unsupported(
        key,
        new FlagShape(
            type == null ? ValueType.JSON : type, // of a flag without variants, which gives none
            variants,
            visible.isBoolean() && visible.booleanValue()),
        !enabled.isBoolean() || enabled.booleanValue(),
        item.path("offVariant").asString(""),
        References.seemingly(item),
        unsupported);
  }

  private static String reason(RuntimeException failure) {
    var reason = String.valueOf(failure.getMessage());
    return reason.length() > MAX_REASON ? reason.substring(0, MAX_REASON) + "…" : reason;
  }

  private static void checkRequires(JsonNode item) {
    for (var name : StoredJson.list(item, "requires")) {
      throw new IllegalArgumentException("requires " + name);
    }
  }

  /// Reads and compiles a published flag.
  ///
  /// @throws IllegalArgumentException if it is damaged, or uses what this version does not know
  public static Flag readFlag(String key, JsonNode item) {
    checkRequires(item);
    var type = ValueType.of(item.path("type").asString(""));
    if (type == null) {
      throw new IllegalArgumentException(
          "type: unknown type '" + item.path("type").asString("") + "'");
    }
    var errors = new FieldErrors();
    var visible = item.path("clientVisible").asBoolean(false);
    var shape = FlagShape.read(type, item.get("variants"), visible, errors);
    if (!errors.isEmpty()) {
      throw new IllegalArgumentException(errors.text());
    }
    return Flag.of(key, shape, TargetingJson.read(item));
  }

  /// Whoever writes a flag is told of all of these at once, by [RulesetCheck].
  private static void checkVariants(Flag flag) {
    for (var use : VariantUses.of(flag.targeting())) {
      if (!flag.shape().variants().containsKey(use.variant())) {
        throw new IllegalArgumentException(
            use.path() + ": " + flag.shape().unknownVariant(use.variant()));
      }
    }
  }

  /// A segment's published form.
  public static ObjectNode segment(Segment segment) {
    var item = Json.object().put("contextType", segment.contextType());
    var when = segment.when();
    item.set("when", when == null ? item.nullNode() : when.toJson());
    var list = segment.list();
    if (list != null) {
      item.putObject("list").put("generation", list.generation()).put("version", list.version());
    }
    return item;
  }

  /// Reads a published segment; if it is damaged, or uses what this version does not know, as one
  /// of which nobody can say here who belongs to it.
  public static Segment readSegmentAsKnown(String key, JsonNode item) {
    try {
      return readSegment(key, item);
    } catch (RuntimeException e) { // as for flags
      return Segment.unsupported(
          key,
          item.path("contextType").asString("user"),
          listVersion(item.path("list")),
          References.seemingly(item),
          reason(e));
    }
  }

  /// Reads and compiles a published segment.
  ///
  /// @throws IllegalArgumentException if it is damaged, or uses what this version does not know
  public static Segment readSegment(String key, JsonNode item) {
    checkRequires(item);
    var when = item.get("when");
    return Segment.of(
        key,
        item.path("contextType").asString("user"),
        when == null || when.isNull() ? null : StoredJson.at("when", when, Condition::fromJson),
        listVersion(item.path("list")));
  }

  private static Segment.@Nullable ListVersion listVersion(JsonNode list) {
    return list.isObject()
        ? new Segment.ListVersion(list.path("generation").asLong(0), list.path("version").asLong(0))
        : null;
  }
}
