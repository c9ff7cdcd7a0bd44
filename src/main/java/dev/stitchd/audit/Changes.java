package dev.stitchd.audit;

import dev.stitchd.kernel.FieldChange;
import dev.stitchd.kernel.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What is different between two states of a resource, as the log keeps it: what was created has
/// every field as a change, and so has what was deleted; of a list of plain values, what was taken
/// out and put in (`tags[]`). Pure.
///
/// @param list `[{"path", "before", "after"}]`; one of the two is missing where there was nothing
/// @param more how many changes there are besides, which were too many or too large
record Changes(ArrayNode list, int more) {

  private static final int MOST = 200;
  private static final int MOST_BYTES = 64 * 1024;

  /// Differ with every change, and say what the entry says itself.
  private static final Set<String> BOOKKEEPING = Set.of("version", "updatedAt", "updatedBy");

  /// No resource has these as its own fields; if one comes to have them, they stay out of the log.
  private static final Set<String> SECRET =
      Set.of("secret", "token", "password", "passwordHash", "hash", "link");

  /// @param before null if it was created
  /// @param after null if it was deleted
  static Changes between(@Nullable JsonNode before, @Nullable JsonNode after) {
    var updated = before != null && after != null;
    var kept = Json.array();
    int bytes = 0;
    int more = 0;
    for (var change : all(visible(before, updated), visible(after, updated))) {
      var json = json(change);
      int size = Json.write(json).getBytes(StandardCharsets.UTF_8).length + 1;
      if (kept.size() >= MOST || bytes + size > MOST_BYTES) {
        more++;
      } else {
        kept.add(json);
        bytes += size;
      }
    }
    return new Changes(kept, more);
  }

  static boolean isPlain(@Nullable JsonNode list) {
    return list != null
        && list.isArray()
        && StreamSupport.stream(list.spliterator(), false).noneMatch(JsonNode::isContainer);
  }

  /// What a list of plain values has more often than another.
  static List<JsonNode> extra(JsonNode list, JsonNode other) {
    var counts = new HashMap<JsonNode, Integer>();
    other.forEach(value -> counts.merge(value, 1, Integer::sum));
    var extra = new ArrayList<JsonNode>();
    for (var value : list) {
      if (counts.merge(value, -1, Integer::sum) < 0) {
        extra.add(value);
      }
    }
    return extra;
  }

  private static ObjectNode visible(@Nullable JsonNode resource, boolean updated) {
    var fields = Json.object();
    if (resource != null) {
      for (var field : resource.properties()) {
        if (!SECRET.contains(field.getKey())
            && !(updated && BOOKKEEPING.contains(field.getKey()))) {
          fields.set(field.getKey(), field.getValue());
        }
      }
    }
    return fields;
  }

  private static List<FieldChange> all(JsonNode before, JsonNode after) {
    return FieldChange.between(before, after).stream().flatMap(Changes::parts).toList();
  }

  /// An object that came or went is its fields, unless it is one of a list.
  private static Stream<FieldChange> parts(FieldChange change) {
    var before = change.before();
    var after = change.after();
    if (before != null && after != null) {
      return isPlain(before) && isPlain(after)
          ? values(change.path(), before, after)
          : Stream.of(change);
    }
    var there = before == null ? after : before;
    return there == null || !there.isObject() || there.isEmpty() || change.path().endsWith("]")
        ? Stream.of(change)
        : there.properties().stream()
            .map(field ->
                new FieldChange(
                    change.path() + "." + field.getKey(),
                    before == null ? null : field.getValue(),
                    after == null ? null : field.getValue()))
            .flatMap(Changes::parts);
  }

  private static Stream<FieldChange> values(String path, JsonNode before, JsonNode after) {
    var gone = extra(before, after).stream().map(one -> new FieldChange(path + "[]", one, null));
    var come = extra(after, before).stream().map(one -> new FieldChange(path + "[]", null, one));
    var both = Stream.concat(gone, come).toList();
    return both.isEmpty() ? Stream.of(new FieldChange(path, before, after)) : both.stream();
  }

  private static ObjectNode json(FieldChange change) {
    var json = Json.object().put("path", change.path());
    if (change.before() != null) {
      json.set("before", change.before());
    }
    if (change.after() != null) {
      json.set("after", change.after());
    }
    return json;
  }
}
