package dev.stitchd.segment;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// NDJSON: `{"key":"u1"}`, or `{"key":"u1","list":"excluded"}`.
final class JsonLines implements MemberFormat.LineReader {

  private final MemberSide otherwise;

  JsonLines(MemberSide otherwise) {
    this.otherwise = otherwise;
  }

  @Override
  public void read(byte[] bytes, int from, int to, long line, Found found) {
    try {
      member(Json.parse(Arrays.copyOfRange(bytes, from, to)), found);
    } catch (Problem.Malformed e) {
      found.mistake("is not an object of JSON that can be kept");
    }
  }

  private void member(JsonNode value, Found found) {
    if (!(value instanceof ObjectNode member)) {
      found.mistake("must be an object");
      return;
    }
    var key = member.get("key");
    var list = member.path("list");
    var side = list.isMissingNode() ? otherwise : MemberSide.of(list.asString(""));
    if (key == null || !key.isString()) {
      found.mistake("key must be a string");
    } else if (side == null) {
      found.mistake("list must be included or excluded");
    } else if (member.size() > (list.isMissingNode() ? 1 : 2)) {
      found.mistake("has fields other than key and list");
    } else {
      var bytes = key.stringValue().getBytes(StandardCharsets.UTF_8);
      found.member(bytes, 0, bytes.length, side.isIncluded());
    }
  }
}
