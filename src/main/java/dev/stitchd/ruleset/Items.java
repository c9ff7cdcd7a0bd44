package dev.stitchd.ruleset;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The published form of flags and segments: what SDKs are sent and what every node evaluates.
/// Unknown fields are ignored when reading, so that an older node can read what a newer one
/// published.
public final class Items {

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

  /// Reads and compiles a published flag.
  ///
  /// @throws IllegalArgumentException if it is damaged, or uses what this version does not know
  public static Flag readFlag(String key, JsonNode item) {
    var type = ValueType.of(item.path("type").asString(""));
    if (type == null) {
      throw new IllegalArgumentException("flag '" + key + "' has no type known here");
    }
    var errors = new FieldErrors();
    var visible = item.path("clientVisible").asBoolean(false);
    var shape = FlagShape.read(type, item.get("variants"), visible, errors);
    if (!errors.isEmpty()) {
      throw new IllegalArgumentException("flag '" + key + "' is unreadable: " + errors.list());
    }
    return Flag.of(key, shape, TargetingJson.read(item));
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

  /// Reads and compiles a published segment.
  ///
  /// @throws IllegalArgumentException if it is damaged, or uses what this version does not know
  public static Segment readSegment(String key, JsonNode item) {
    var when = item.get("when");
    var list = item.get("list");
    return Segment.of(
        key,
        item.path("contextType").asString("user"),
        when == null || when.isNull() ? null : Condition.fromJson(when),
        list == null || list.isNull()
            ? null
            : new Segment.ListVersion(
                list.path("generation").asLong(0), list.path("version").asLong(0)));
  }
}
