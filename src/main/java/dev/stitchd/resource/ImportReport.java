package dev.stitchd.resource;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What an import would do, resource by resource, and what it refuses. Confined to one thread.
public final class ImportReport {

  private final ArrayNode created = Json.array();
  private final ArrayNode changed = Json.array();
  private final FieldErrors refused = new FieldErrors();
  private int unchanged;

  /// Whether all is as the file has it.
  public boolean isEmpty() {
    return created.isEmpty() && changed.isEmpty();
  }

  /// What cannot be, each with its place in the file.
  public FieldErrors refused() {
    return refused;
  }

  /// Notes what becomes of a resource; false if nothing does.
  ///
  /// @param path of the resource below the project
  /// @param before as a file has it; null if there is none
  /// @param after as this file has it
  public boolean differs(String path, @Nullable JsonNode before, JsonNode after) {
    if (before != null && Json.write(before).equals(Json.write(after))) {
      unchanged++;
      return false;
    }
    var entry = (before == null ? created : changed).addObject().put("path", path);
    if (before != null) {
      entry.set("before", before);
    }
    entry.set("after", after);
    return true;
  }

  /// Reads a resource of the file; what is wrong is noted, and then there is none.
  ///
  /// @param at where it stands in the file
  public <T> @Nullable T read(String at, Supplier<T> reader) {
    try {
      return reader.get();
    } catch (Problem problem) {
      refuse(at, problem);
      return null;
    }
  }

  private void refuse(String at, Problem problem) {
    if (problem.errors().isEmpty()) {
      refused.add(at, problem.detail());
    }
    for (var error : problem.errors()) {
      var path = error.path().isEmpty() ? at : at + "." + error.path();
      if (problem instanceof Problem.Malformed) {
        refused.addMalformed(path, error.message());
      } else {
        refused.add(path, error.message());
      }
    }
  }

  public ObjectNode json() {
    var json = Json.object();
    json.set("created", created);
    json.set("changed", changed);
    json.putArray("removed");
    var list = json.putArray("refused");
    refused
        .list()
        .forEach(
            error -> list.addObject().put("path", error.path()).put("message", error.message()));
    return json.put("unchanged", unchanged);
  }
}
