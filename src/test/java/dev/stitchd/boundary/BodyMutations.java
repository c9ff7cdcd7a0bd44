package dev.stitchd.boundary;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Makes of a body that would be taken one that may not: the same one for the same seed.
final class BodyMutations {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /// Stands in a tree for text that no tree can hold, and is replaced when the tree is written.
  private static final String RAW = "~raw~%d~";

  /// Values as they stand in the text.
  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "0",
          "-1",
          "1e400",
          "-1e999999999",
          "1e-999999999",
          "9".repeat(1_500),
          "9223372036854775808",
          "0.1000000000000000055511151231257827",
          "NaN",
          "01",
          "\"\"",
          "\" \"",
          "\"\\u0000\"",
          "\"a\\u0000b\"",
          "\"\\ud800\"",
          "\"x\\udc00y\"",
          "\"\\ud83d\\ude00\"",
          "\"\\u202e\\u200b\"",
          "\"'; --\"",
          "\"../..\"",
          "\"%00%s%n{}\"",
          "\"${env:HOME}#{1+1}\"",
          "\"" + "a".repeat(70_000) + "\"",
          "[]",
          "{}",
          "[null]",
          "{\"\":{\"\":[]}}",
          "[".repeat(30) + "]".repeat(30),
          "[".repeat(5_000) + "]".repeat(5_000),
          "{\"not\":".repeat(60) + "{}" + "}".repeat(60),
          "{\"a\":1,\"a\":2}",
          "2026-11-29",
          "\"-999999999-01-01T00:00:00Z\"",
          "\"PT2562047788015215H30M7S\"");

  private static final List<String> NAMES =
      List.of("", "key", "name", "id", "version", "__proto__", "a\u0000b", "x".repeat(2_000), "ü");

  private static final List<byte[]> PIECES =
      List.of(
          new byte[] {0},
          new byte[] {(byte) 0xff},
          new byte[] {(byte) 0xc0, (byte) 0xaf},
          new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
          new byte[] {(byte) 0xef, (byte) 0xbb, (byte) 0xbf},
          bytes("{"),
          bytes("]"),
          bytes(","),
          bytes("\""),
          bytes("/*x*/"),
          bytes("\n"),
          bytes("\\u"));

  private final Random random;

  BodyMutations(long seed) {
    random = new Random(seed);
  }

  boolean once(int in) {
    return random.nextInt(in) == 0;
  }

  <T> T any(List<T> all) {
    return all.get(random.nextInt(all.size()));
  }

  byte[] mutated(String body) {
    var text = body;
    for (int i = random.nextInt(4); i > 0; i--) {
      text = changed(text);
    }
    return once(4) ? garbled(bytes(text)) : text.getBytes(StandardCharsets.UTF_8);
  }

  private String changed(String text) {
    if (once(12)) {
      return any(VALUES);
    }
    JsonNode root;
    try {
      root = JSON.readTree(text);
    } catch (JacksonException _) {
      return lines(text);
    }
    return root.isContainer() && !root.isEmpty() ? changed(root) : any(VALUES);
  }

  private String changed(JsonNode root) {
    var places = new ArrayList<JsonNode>();
    collect(root, places);
    int value = random.nextInt(VALUES.size());
    var raw = NODES.stringNode(RAW.formatted(value));
    switch (any(places)) {
      case ObjectNode object -> change(object, raw);
      case ArrayNode array -> change(array, raw);
      default -> throw new AssertionError("no container");
    }
    return JSON.writeValueAsString(root)
        .replace("\"" + RAW.formatted(value) + "\"", VALUES.get(value));
  }

  private static void collect(JsonNode node, List<JsonNode> containers) {
    if (node.isContainer()) {
      containers.add(node);
      node.forEach(child -> collect(child, containers));
    }
  }

  private void change(ObjectNode object, JsonNode raw) {
    var names = new ArrayList<>(object.propertyNames());
    switch (names.isEmpty() ? 0 : random.nextInt(6)) {
      case 0 -> object.set(any(NAMES), raw);
      case 1 -> object.remove(any(names));
      case 2 -> object.set(any(names), object.deepCopy());
      default -> object.set(any(names), raw);
    }
  }

  private void change(ArrayNode array, JsonNode raw) {
    switch (array.isEmpty() ? 0 : random.nextInt(4)) {
      case 0 -> array.add(raw);
      case 1 -> array.remove(random.nextInt(array.size()));
      case 2 -> {
        var one = array.get(random.nextInt(array.size()));
        for (int i = random.nextInt(300); i > 0; i--) {
          array.add(one);
        }
      }
      default -> array.set(random.nextInt(array.size()), raw);
    }
  }

  /// A text of lines.
  private String lines(String text) {
    var lines = new ArrayList<>(text.lines().toList());
    if (lines.isEmpty()) {
      return any(VALUES);
    }
    int at = random.nextInt(lines.size());
    switch (random.nextInt(4)) {
      case 0 -> lines.add(at, any(VALUES));
      case 1 -> lines.set(at, lines.get(at) + any(VALUES));
      case 2 -> lines.add(at, lines.get(at));
      default -> lines.set(at, changedLine(lines.get(at)));
    }
    return String.join(once(5) ? "\r" : "\n", lines) + (once(3) ? "" : "\n");
  }

  private String changedLine(String line) {
    return line.startsWith("{") && line.endsWith("}") ? changed(line) : "\"" + line;
  }

  private byte[] garbled(byte[] body) {
    switch (random.nextInt(6)) {
      case 0 -> {
        return Arrays.copyOf(body, random.nextInt(body.length + 1));
      }
      case 1 -> {
        return new String(body, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_16);
      }
      case 2 -> {
        var noise = new byte[random.nextInt(300)];
        random.nextBytes(noise);
        return noise;
      }
      case 3 -> {
        return body.length == 0 ? body : with(body, body, body.length);
      }
      default -> {
        return with(body, any(PIECES), random.nextInt(body.length + 1));
      }
    }
  }

  private static byte[] with(byte[] body, byte[] piece, int at) {
    var all = new ByteArrayOutputStream();
    all.write(body, 0, at);
    all.writeBytes(piece);
    all.write(body, at, body.length - at);
    return all.toByteArray();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
