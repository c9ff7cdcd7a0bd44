package dev.stitchd.segment.upload;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// NDJSON: `{"key":"u1"}`, or `{"key":"u1","list":"excluded"}`.
final class JsonLines implements LineReader {

  private static final String INCLUDED = "included";

  private final boolean otherwise;

  JsonLines(boolean otherwise) {
    this.otherwise = otherwise;
  }

  @Override
  public void read(byte[] bytes, int from, int to, long line, ParsedLine result) {
    try {
      member(Json.parse(Arrays.copyOfRange(bytes, from, to)), result);
    } catch (Problem.Malformed e) {
      result.mistake("is not an object of JSON that can be kept");
    }
  }

  private void member(JsonNode value, ParsedLine result) {
    if (!(value instanceof ObjectNode member)) {
      result.mistake("must be an object");
      return;
    }
    var key = member.get("key");
    var list = member.path("list");
    if (key == null || !key.isString()) {
      result.mistake("key must be a string");
    } else if (!list.isMissingNode() && !isSide(list)) {
      result.mistake("list must be included or excluded");
    } else if (member.size() > (list.isMissingNode() ? 1 : 2)) {
      result.mistake("has fields other than key and list");
    } else {
      var bytes = key.stringValue().getBytes(StandardCharsets.UTF_8);
      result.member(
          bytes,
          0,
          bytes.length,
          list.isMissingNode() ? otherwise : list.asString("").equals(INCLUDED));
    }
  }

  private static boolean isSide(JsonNode list) {
    var name = list.asString("");
    return name.equals(INCLUDED) || name.equals("excluded");
  }
}
