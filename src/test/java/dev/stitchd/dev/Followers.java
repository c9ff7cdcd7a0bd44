package dev.stitchd.dev;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Many SDKs behind a load balancer: each follows `/sdk/v1/stream`, keeps what it was sent, and
/// when its stream ends comes back with its cursor after the time it was told, to whichever node is
/// next and answers. Each notes what no server may do to it.
public final class Followers implements AutoCloseable {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /// How soon a load balancer tries another node.
  private static final Duration FAILOVER = Duration.ofMillis(100);

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();
  private final ScheduledExecutorService later =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("followers").factory());
  private final Supplier<List<String>> nodes;
  private final String key;
  private final AtomicInteger turn = new AtomicInteger();
  private final List<Follower> all = new ArrayList<>();
  private volatile boolean closed;

  private Followers(Supplier<List<String>> nodes, String key) {
    this.nodes = nodes;
    this.key = key;
  }

  /// So many of them, connecting.
  ///
  /// @param nodes the addresses that the load balancer knows, at each moment
  public static Followers of(int count, Supplier<List<String>> nodes, String key) {
    var followers = new Followers(nodes, key);
    for (int i = 0; i < count; i++) {
      var follower = followers.new Follower();
      followers.all.add(follower);
      follower.connect();
    }
    return followers;
  }

  public List<Follower> all() {
    return all;
  }

  /// How many are connected and have been sent something.
  public int connected() {
    return (int) all.stream().filter(Follower::isConnected).count();
  }

  /// How many hold exactly this configuration.
  public int at(JsonNode config) {
    return (int) all.stream().filter(follower -> follower.holds(config)).count();
  }

  @Override
  public void close() {
    closed = true;
    later.shutdownNow();
    http.shutdownNow();
  }

  /// One SDK.
  public final class Follower implements Flow.Subscriber<String> {
    private final List<String> wrongs = new ArrayList<>();
    private final List<Long> awayBeyondTold = new ArrayList<>();
    private final ObjectNode state = JSON.createObjectNode();
    private String cursor = "";
    private String event = "message";
    private String data = "";
    private long told = 1_000;
    private long endedAt;
    private boolean connected;

    /// What the server did to it and may not.
    public synchronized List<String> wrongs() {
      return List.copyOf(wrongs);
    }

    /// Of each time that it was without a stream: how much longer than it had been told, in
    /// milliseconds.
    public synchronized List<Long> awayBeyondTold() {
      return List.copyOf(awayBeyondTold);
    }

    synchronized boolean isConnected() {
      return connected;
    }

    synchronized boolean holds(JsonNode config) {
      return state.path("revision").equals(config.path("revision"))
          && state.path("flags").equals(config.path("flags"))
          && state.path("segments").equals(config.path("segments"));
    }

    /// Where it is.
    public synchronized long revision() {
      return state.path("revision").asLong(-1);
    }

    private void connect() {
      var urls = nodes.get();
      if (closed || urls.isEmpty()) {
        again(FAILOVER);
        return;
      }
      var url = urls.get(Math.floorMod(turn.getAndIncrement(), urls.size()));
      var request =
          HttpRequest.newBuilder(URI.create(url + "/sdk/v1/stream")).header("X-API-Key", key);
      synchronized (this) {
        if (!cursor.isEmpty()) {
          request.header("Last-Event-ID", cursor);
        }
      }
      var _ = http.sendAsync(request.build(), this::body).whenComplete((_, _) -> ended());
    }

    private HttpResponse.BodySubscriber<Void> body(HttpResponse.ResponseInfo head) {
      return head.statusCode() == 200
          ? HttpResponse.BodySubscribers.fromLineSubscriber(this)
          : HttpResponse.BodySubscribers.discarding();
    }

    private void again(Duration after) {
      if (!closed) {
        try {
          var _ = later.schedule(this::connect, after.toMillis(), TimeUnit.MILLISECONDS);
        } catch (java.util.concurrent.RejectedExecutionException _) {
          // closed meanwhile
        }
      }
    }

    private synchronized void ended() {
      if (connected) {
        connected = false;
        endedAt = System.nanoTime();
        again(Duration.ofMillis(told));
      } else {
        again(FAILOVER); // this node does not answer
      }
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public synchronized void onNext(String line) {
      if (line.isEmpty()) {
        if (!data.isEmpty()) {
          heard(event, JSON.readTree(data));
        }
        event = "message";
        data = "";
      } else if (line.startsWith("id: ")) {
        cursor = line.substring(4);
      } else if (line.startsWith("event: ")) {
        event = line.substring(7);
      } else if (line.startsWith("data: ")) {
        data += line.substring(6);
      } else if (line.startsWith("retry: ")) {
        told = Long.parseLong(line.substring(7));
      }
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onComplete() {}

    private void heard(String name, JsonNode body) {
      if (!connected && !name.equals("goodbye")) {
        connected = true;
        if (endedAt != 0) {
          long away = (System.nanoTime() - endedAt) / 1_000_000;
          awayBeyondTold.add(away - told);
        }
      }
      switch (name) {
        case "put" -> put(body);
        case "patch" -> patch(body);
        case "current" -> check(body.path("revision").asLong() == revision(), "current", body);
        case "goodbye" -> told = body.path("reconnectAfterMs").asLong(told);
        default -> check(false, "an event named " + name, body);
      }
    }

    private void put(JsonNode body) {
      check(body.path("revision").asLong() >= revision(), "a put that goes back", body);
      state.removeAll();
      state.setAll((ObjectNode) body);
    }

    private void patch(JsonNode body) {
      check(body.path("since").asLong() <= revision(), "a patch that leaves out something", body);
      check(body.path("revision").asLong() > revision(), "a patch that goes back", body);
      state.set("revision", body.path("revision"));
      for (var map : List.of("flags", "segments")) {
        var items = (ObjectNode) state.path(map);
        for (var item : body.path(map).properties()) {
          if (item.getValue().isNull()) {
            items.remove(item.getKey());
          } else {
            items.set(item.getKey(), item.getValue());
          }
        }
      }
    }

    private void check(boolean right, String what, JsonNode body) {
      if (!right) {
        wrongs.add("at revision " + revision() + ": " + what + ": " + body);
      }
    }
  }
}
