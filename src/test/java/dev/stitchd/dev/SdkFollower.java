package dev.stitchd.dev;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/// An SDK that goes from node to node, at each request or stream to another, and keeps what it is
/// told. A thread of its own, until it is closed.
public final class SdkFollower implements AutoCloseable {

  /// How it hears.
  public enum Way {
    POLL,
    LONG_POLL,
    STREAM
  }

  /// What it has.
  ///
  /// @param cursor empty for nothing
  public record State(String cursor, Map<String, JsonNode> flags) {

    private State with(String newCursor, JsonNode told) {
      var after = new TreeMap<>(told.has("since") ? flags : Map.of());
      told.path("flags")
          .properties()
          .forEach(flag -> {
            if (flag.getValue().isNull()) {
              after.remove(flag.getKey());
            } else {
              after.put(flag.getKey(), flag.getValue());
            }
          });
      return new State(newCursor, after);
    }
  }

  private static final Duration SOON = Duration.ofSeconds(5);

  private final Way way;
  private final List<String> nodes;
  private final String key;
  private final Random chance;
  private final Thread thread;
  private volatile State state = new State("", Map.of());
  private volatile boolean closed;

  private SdkFollower(Way way, List<String> nodes, String key, long seed) {
    this.way = way;
    this.nodes = nodes;
    this.key = key;
    this.chance = new Random(seed);
    this.thread = Thread.ofVirtual().start(this::follow);
  }

  public static SdkFollower of(Way way, List<String> nodes, String key, long seed) {
    return new SdkFollower(way, nodes, key, seed);
  }

  public State state() {
    return state;
  }

  @Override
  public void close() {
    closed = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return way + " at " + state.cursor;
  }

  private void follow() {
    while (!closed) {
      var node = nodes.get(chance.nextInt(nodes.size()));
      try {
        switch (way) {
          case POLL -> poll(node, "", "If-None-Match", "\"" + state.cursor + "\"");
          case LONG_POLL -> poll(node, "?wait=PT0.5S&since=" + state.cursor);
          case STREAM -> stream(node);
        }
      } catch (IllegalStateException | AssertionError _) {
        // the node is not there, or the stream has ended
      }
      Machine.sleep(Duration.ofMillis(20 + chance.nextInt(60)));
    }
  }

  private void poll(String node, String query, String... headers) {
    var all = new String[headers.length + 2];
    all[0] = "X-API-Key";
    all[1] = key;
    System.arraycopy(headers, 0, all, 2, headers.length);
    var answer = Http.at(node).get("/sdk/v1/config" + query, all);
    if (answer.status() == 200) {
      state = state.with(answer.header("ETag").replace("\"", ""), answer.json());
    }
  }

  private void stream(String node) {
    var url = node + "/sdk/v1/stream";
    try (var stream = SseClient.open(url, "X-API-Key", key, "Last-Event-ID", state.cursor)) {
      long end = System.nanoTime() + Duration.ofMillis(300 + chance.nextInt(1_500)).toNanos();
      while (!closed && System.nanoTime() < end) {
        var event = stream.await(_ -> true, SOON.dividedBy(10));
        if (event.name().equals("put") || event.name().equals("patch")) {
          state = state.with(event.id(), event.json());
        }
      }
    }
  }
}
