package dev.stitchd.segment.upload;

import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;

/// The lines of an upload that hold no valid key: the first ones by number, the others counted.
/// Confined to one thread at a time.
public final class LineErrors {

  private record LineError(long line, String message) {}

  private final int listed;
  private final List<LineError> first = new ArrayList<>();
  private long count;

  public LineErrors(int listed) {
    this.listed = listed;
  }

  void note(long line, String message) {
    if (first.size() < listed) {
      first.add(new LineError(line, message));
    }
    count++;
  }

  public long count() {
    return count;
  }

  public List<FieldError> list() {
    return first.stream().map(e -> new FieldError("line " + e.line(), e.message())).toList();
  }

  public ArrayNode json() {
    var list = Json.array();
    first.forEach(e -> list.addObject().put("line", e.line()).put("message", e.message()));
    return list;
  }
}
