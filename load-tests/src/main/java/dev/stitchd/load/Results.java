package dev.stitchd.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// One measurement's numbers: printed for people, appended to a file as one JSON line for [Table].
final class Results {

  private static final JsonMapper JSON = new JsonMapper();

  private final ObjectNode line = JsonNodeFactory.instance.objectNode();
  private final String file;

  Results(Options options, String name) {
    this.file = options.text("results", "");
    line.put("name", options.text("name", name));
    line.put("target", options.text("target", "server"));
  }

  Results(String file, String name, String target) {
    this.file = file;
    line.put("name", name);
    line.put("target", target);
  }

  /// Adds a number, rounded to three decimals; one that could not be measured is left out.
  Results put(String name, double value) {
    if (!Double.isNaN(value)) {
      line.put(name, Math.round(value * 1e3) / 1e3);
    }
    return this;
  }

  void write() throws IOException {
    System.out.println(line);
    if (!file.isEmpty()) {
      Files.writeString(
          Path.of(file), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
  }

  static ObjectNode read(String line) {
    return (ObjectNode) JSON.readTree(line);
  }
}
