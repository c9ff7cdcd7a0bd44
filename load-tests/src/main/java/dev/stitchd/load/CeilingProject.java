package dev.stitchd.load;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Map.Entry;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ObjectNode;

/// The flags of a project in one environment as a ceiling serves them: texts that are made once per
/// change.
final class CeilingProject {

  private static final String TAG = "5f3a90c1";

  private final Map<String, ObjectNode> flags = new LinkedHashMap<>();
  private long revision;
  private volatile Texts texts = new Texts("\"" + TAG + ".0\"", "{}", "", "");

  /// What one revision looks like on the wire.
  ///
  /// @param etag quoted
  /// @param config body of `GET /sdk/v1/config`
  /// @param put the SSE event with everything
  /// @param patch the SSE event with the last change
  record Texts(String etag, String config, String put, String patch) {}

  Texts texts() {
    return texts;
  }

  synchronized long put(ObjectNode item, String key) {
    flags.put(key, item);
    return publish(key);
  }

  synchronized long patch(String key, ObjectNode targeting) {
    var item = flags.get(key);
    targeting.propertyStream().forEach(field -> item.set(field.getKey(), field.getValue()));
    return publish(key);
  }

  private long publish(String key) {
    revision++;
    var all =
        flags.entrySet().stream().map(CeilingProject::member).collect(Collectors.joining(","));
    var config =
        "{\"revision\":%d,\"environment\":\"bench\",\"flags\":{%s},\"segments\":{}}"
            .formatted(revision, all);
    var change =
        "{\"revision\":%d,\"since\":%d,\"flags\":{%s},\"segments\":{}}"
            .formatted(revision, revision - 1, member(Map.entry(key, flags.get(key))));
    texts =
        new Texts(
            "\"%s.%d\"".formatted(TAG, revision),
            config,
            event("put", config),
            event("patch", change));
    return revision;
  }

  private String event(String name, String data) {
    return "id: %s.%d\nevent: %s\ndata: %s\n\n".formatted(TAG, revision, name, data);
  }

  private static String member(Entry<String, ObjectNode> flag) {
    return "\"" + flag.getKey() + "\":" + flag.getValue();
  }
}
