package dev.stitchd.warehouse.live;

import dev.stitchd.kernel.Json;
import dev.stitchd.warehouse.LiveEvents;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What one watcher has seen. One poll at a time touches it.
final class LiveWatch {

  /// How long nothing may happen before a comment says that the stream lives.
  private static final Duration QUIET = Duration.ofSeconds(12);

  private final int rows;
  private final Map<String, Boolean> seen;
  private Instant said;
  private boolean degraded;

  LiveWatch(LiveSettings settings, Instant now) {
    rows = settings.rows();
    said = now;
    int most = settings.remembered();
    seen =
        new LinkedHashMap<>() {
          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > most;
          }
        };
  }

  /// What is new in an answer, oldest first.
  List<LiveEvents.Item> news(String answer, Instant now) {
    degraded = false;
    var found = answer.lines().map(Json::parseOwn).toList();
    var news = new ArrayList<LiveEvents.Item>();
    for (var row : found) {
      if (seen.put(identity(row), true) == null) {
        news.add(item(row));
      }
    }
    Collections.reverse(news);
    if (found.size() == rows && news.size() == rows) {
      news.add(new LiveEvents.Item.Sampled(rows)); // nothing of it was seen before: some was missed
    }
    return told(news, now);
  }

  /// A rejected event may have no id, and an id that was rejected may come again.
  private static String identity(JsonNode row) {
    var type = text(row, "type");
    return type.equals("rejected")
        ? text(row, "received_at") + text(row, "id") + text(row, "code") + text(row, "detail")
        : type + " " + text(row, "flag") + text(row, "event") + " " + text(row, "id");
  }

  List<LiveEvents.Item> failed(String detail, Instant now) {
    var news =
        degraded
            ? List.<LiveEvents.Item>of()
            : List.<LiveEvents.Item>of(new LiveEvents.Item.Degraded(detail));
    degraded = true;
    return told(news, now);
  }

  private List<LiveEvents.Item> told(List<LiveEvents.Item> news, Instant now) {
    if (news.isEmpty() && now.isBefore(said.plus(QUIET))) {
      return news;
    }
    said = now;
    return news.isEmpty() ? List.of(new LiveEvents.Item.Quiet()) : news;
  }

  private static LiveEvents.Item item(JsonNode row) {
    if (row.path("type").asString().equals("rejected")) {
      var event = Json.object();
      copy(row, event, "id", "code", "detail", "node");
      return new LiveEvents.Item.Rejected(event.put("receivedAt", text(row, "received_at")));
    }
    var event = Json.object();
    copy(row, event, "type", "id", "at", "source", "flag", "event", "variant", "reason");
    event.put("receivedAt", text(row, "received_at"));
    if (!text(row, "rule_id").isEmpty()) {
      event.put("ruleId", text(row, "rule_id"));
    }
    if (row.path("count").asLong() > 0) {
      event.put("count", row.path("count").asLong());
    }
    if (row.path("value").isNumber()) {
      event.put("value", row.path("value").asDouble());
    }
    if (!text(row, "context_key").isEmpty()) {
      event
          .putObject("context")
          .put("type", text(row, "context_type"))
          .put("targetingKey", text(row, "context_key"));
    }
    return new LiveEvents.Item.Accepted(event);
  }

  private static void copy(JsonNode row, ObjectNode event, String... names) {
    for (var name : names) {
      if (!text(row, name).isEmpty()) {
        event.put(name, text(row, name));
      }
    }
  }

  private static String text(JsonNode row, String name) {
    return row.path(name).asString("");
  }
}
