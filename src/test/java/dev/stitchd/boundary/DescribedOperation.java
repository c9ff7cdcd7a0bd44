package dev.stitchd.boundary;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// One method of one path as `/openapi.json` has it. Immutable.
///
/// @param method in capitals
/// @param pattern the path with its parameters
record DescribedOperation(String method, String pattern, JsonNode operation, JsonNode whole) {

  private static final List<String> METHODS = List.of("get", "post", "put", "patch", "delete");

  static List<DescribedOperation> of(JsonNode description) {
    var all = new ArrayList<DescribedOperation>();
    for (var path : description.path("paths").properties()) {
      for (var method : METHODS) {
        if (path.getValue().has(method)) {
          all.add(
              new DescribedOperation(
                  method.toUpperCase(Locale.ROOT),
                  path.getKey(),
                  path.getValue().get(method),
                  description));
        }
      }
    }
    return all;
  }

  /// The path with these in it.
  String path(Map<String, String> parameters) {
    var path = pattern;
    for (var one : parameters.entrySet()) {
      path = path.replace("{" + one.getKey() + "}", one.getValue());
    }
    return path;
  }

  boolean isOfManagement() {
    return pattern.startsWith("/api/");
  }

  /// An example of each type of body that it takes.
  Map<String, String> examples() {
    var examples = new LinkedHashMap<String, String>();
    for (var content : operation.path("requestBody").path("content").properties()) {
      var example = content.getValue().path("example");
      if (example.isMissingNode()) {
        example = resolved(content.getValue().path("schema")).path("example");
      }
      if (example.isMissingNode()) {
        throw new AssertionError(this + " has no example of " + content.getKey());
      }
      examples.put(
          content.getKey(), example.isString() ? example.stringValue() : example.toString());
    }
    return examples;
  }

  /// What a reference stands for.
  JsonNode resolved(JsonNode node) {
    return node.has("$ref") ? whole.at(node.get("$ref").asString().substring(1)) : node;
  }

  @Override
  public String toString() {
    return method + " " + pattern;
  }
}
