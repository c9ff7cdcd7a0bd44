package dev.stitchd.segment.upload;

import dev.stitchd.boundary.LineCutter;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// NDJSON: `{"key":"u1"}`, or `{"key":"u1","list":"excluded"}`.
final class JsonLines implements LineReader {

  /// A key of the longest kind, with each byte escaped, and the words around it.
  private static final int LONGEST = 8 * 1024;

  private static final String INCLUDED = "included";

  private final boolean otherwise;
  private final LineCutter cutter = new LineCutter(LONGEST);
  private long line;
  private boolean marked;

  JsonLines(boolean otherwise) {
    this.otherwise = otherwise;
  }

  @Override
  public void read(byte[] bytes, Lines lines) {
    cutter.cut(bytes, new Cut(lines));
  }

  @Override
  public void end(Lines lines) {
    cutter.end(new Cut(lines));
  }

  @Override
  public ObjectNode recognized() {
    return Json.object().put("format", "ndjson").put("byteOrderMark", marked);
  }

  /// Lines on their way into members.
  private final class Cut implements LineCutter.Lines {

    private final Lines lines;

    private Cut(Lines lines) {
      this.lines = lines;
    }

    @Override
    public void line(byte[] bytes, int start, int end) {
      line++;
      boolean leads = line == 1 && ByteOrderMark.leads(bytes, start, end);
      marked |= leads;
      int from = leads ? start + ByteOrderMark.LENGTH : start;
      int to = end > from && bytes[end - 1] == '\r' ? end - 1 : end;
      if (from == to) {
        lines.mistake(line, "the line is empty");
      } else {
        object(Arrays.copyOfRange(bytes, from, to), lines);
      }
    }

    @Override
    public void tooLong() {
      lines.mistake(++line, "is longer than " + LONGEST + " bytes");
    }
  }

  private void object(byte[] bytes, Lines lines) {
    try {
      member(Json.parse(bytes), lines);
    } catch (Problem.Malformed e) {
      lines.mistake(line, "is not an object of JSON that can be kept");
    }
  }

  private void member(JsonNode value, Lines lines) {
    if (!(value instanceof ObjectNode member)) {
      lines.mistake(line, "must be an object");
      return;
    }
    var key = member.get("key");
    var list = member.path("list");
    if (key == null || !key.isString()) {
      lines.mistake(line, "key must be a string");
    } else if (!list.isMissingNode() && !isSide(list)) {
      lines.mistake(line, "list must be included or excluded");
    } else if (member.size() > (list.isMissingNode() ? 1 : 2)) {
      lines.mistake(line, "has fields other than key and list");
    } else {
      var bytes = key.stringValue().getBytes(StandardCharsets.UTF_8);
      boolean included = list.isMissingNode() ? otherwise : list.asString("").equals(INCLUDED);
      lines.member(line, bytes, 0, bytes.length, included);
    }
  }

  private static boolean isSide(JsonNode list) {
    var name = list.asString("");
    return name.equals(INCLUDED) || name.equals("excluded");
  }
}
