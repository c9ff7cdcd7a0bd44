package dev.stitchd.load;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What a stream has been told, put together as an SDK does it, from everything and patches. Trees
/// are never changed, and the step that many streams take one after the other is made once. Safe
/// from any thread.
final class Told {

  private static final JsonMapper JSON = new JsonMapper();

  private record Step(JsonNode before, String data, JsonNode after) {}

  /// Nothing yet.
  static final JsonNode NOTHING = JsonNodeFactory.instance.missingNode();

  private volatile Step last = new Step(NOTHING, "", NOTHING);

  /// What a stream has been told after one more event.
  ///
  /// @param event its type
  /// @param data its data
  /// @throws IllegalStateException if the event cannot follow what came before
  JsonNode after(JsonNode before, String event, String data) {
    return switch (event) {
      case "put", "patch" -> step(before, event, data);
      case "current" -> {
        check(revision(before) == revision(JSON.readTree(data)), before, event, data);
        yield before;
      }
      default -> before;
    };
  }

  static long revision(JsonNode state) {
    return state.path("revision").asLong(-1);
  }

  private JsonNode step(JsonNode before, String event, String data) {
    var known = last;
    if (known.before == before && known.data.equals(data)) {
      return known.after;
    }
    var body = (ObjectNode) JSON.readTree(data);
    var after = event.equals("put") ? body : patched(before, body, data);
    last = new Step(before, data, after);
    return after;
  }

  private static JsonNode patched(JsonNode before, ObjectNode patch, String data) {
    check(patch.path("since").asLong() <= revision(before), before, "patch", data);
    check(revision(patch) > revision(before), before, "patch", data);
    var after = (ObjectNode) before.deepCopy();
    after.set("revision", patch.path("revision"));
    for (var map : List.of("flags", "segments")) {
      var items = (ObjectNode) after.path(map);
      for (var item : patch.path(map).properties()) {
        if (item.getValue().isNull()) {
          items.remove(item.getKey());
        } else {
          items.set(item.getKey(), item.getValue());
        }
      }
    }
    return after;
  }

  private static void check(boolean fits, JsonNode before, String event, String data) {
    if (!fits) {
      throw new IllegalStateException(event + " " + data + " came at revision " + revision(before));
    }
  }
}
