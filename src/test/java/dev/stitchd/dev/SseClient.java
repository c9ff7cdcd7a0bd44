package dev.stitchd.dev;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A plain reader of one Server-Sent-Events stream, which never reconnects by itself. It collects
/// whatever arrives on a thread of its own.
///
/// ```
/// try (var stream = SseClient.open(server.url() + "/sdk/v1/stream", "Authorization", "Bearer " + key)) {
///   stream.await(event -> event.name().equals("put"), Duration.ofSeconds(5));
/// }
/// ```
public final class SseClient implements AutoCloseable {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final HttpClient http;
  private final HttpResponse<InputStream> answer;
  private final List<Event> events = new ArrayList<>();
  private final List<String> comments = new ArrayList<>();
  private String retry = "";
  private int seen;
  private boolean ended;

  /// One event.
  ///
  /// @param id the last id seen on the stream so far, as the protocol has it
  /// @param name the event's type; `message` if it had none
  /// @param data its lines, joined
  public record Event(String id, String name, String data) {

    public JsonNode json() {
      return JSON.readTree(data);
    }
  }

  private SseClient(HttpClient http, HttpResponse<InputStream> answer) {
    this.http = http;
    this.answer = answer;
  }

  /// Connects; returns once the head of the answer is there, whatever its status.
  ///
  /// @param headers name, value, name, value …
  public static SseClient open(String url, String... headers) {
    return open(
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build(),
        url,
        headers);
  }

  /// The same by another client, which must be nobody else's: it ends with this.
  public static SseClient open(HttpClient http, String url, String... headers) {
    var request =
        HttpRequest.newBuilder(URI.create(url)).header("Accept", "text/event-stream").GET();
    for (var i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    try {
      var answer = http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      var client = new SseClient(http, answer);
      Thread.ofPlatform().daemon().name("sse-client").start(client::read);
      return client;
    } catch (IOException e) {
      throw new IllegalStateException("GET " + url + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  public int status() {
    return answer.statusCode();
  }

  /// The protocol that was spoken.
  public HttpClient.Version version() {
    return answer.version();
  }

  public HttpHeaders headers() {
    return answer.headers();
  }

  /// All events so far.
  public synchronized List<Event> events() {
    return List.copyOf(events);
  }

  /// All comments so far, such as heartbeats, without the colon.
  public synchronized List<String> comments() {
    return List.copyOf(comments);
  }

  /// The last `retry:` in milliseconds, or the empty string.
  public synchronized String retry() {
    return retry;
  }

  /// Waits for the first event that fits, looking only past the event that the last call answered.
  ///
  /// @throws AssertionError if it does not come in time or the stream ends first
  public synchronized Event await(Predicate<Event> fits, Duration patience) {
    var deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      while (seen < events.size()) {
        var event = events.get(seen++);
        if (fits.test(event)) {
          return event;
        }
      }
      if (ended) {
        throw new AssertionError("the stream ended; it brought " + events);
      }
      pause(deadline, "no such event came");
    }
  }

  /// Waits for the server to end the stream.
  public synchronized void awaitEnd(Duration patience) {
    var deadline = System.nanoTime() + patience.toNanos();
    while (!ended) {
      pause(deadline, "the stream did not end");
    }
  }

  public synchronized boolean ended() {
    return ended;
  }

  /// Goes away, as a client does that was switched off.
  @Override
  public void close() {
    http.shutdownNow();
  }

  private void pause(long deadline, String complaint) {
    var left = Duration.ofNanos(deadline - System.nanoTime());
    if (!left.isPositive()) {
      throw new AssertionError("%s in time; the stream brought %s".formatted(complaint, events));
    }
    try {
      wait(Math.max(1, left.toMillis()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private void read() {
    try (var lines =
        new java.io.BufferedReader(
            new java.io.InputStreamReader(
                answer.body(), java.nio.charset.StandardCharsets.UTF_8))) {
      var block = new Block();
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        take(line, block);
      }
    } catch (IOException _) {
      // closed, by either side
    } finally {
      synchronized (this) {
        ended = true;
        notifyAll();
      }
    }
  }

  private synchronized void take(String line, Block block) {
    if (line.isEmpty()) {
      block.finish(events);
    } else if (line.startsWith(":")) {
      comments.add(line.substring(1).strip());
    } else {
      var parts = line.split(":", 2);
      var value =
          parts.length == 1 ? "" : parts[1].startsWith(" ") ? parts[1].substring(1) : parts[1];
      switch (parts[0]) {
        case "id" -> block.id = value;
        case "event" -> block.name = value;
        case "data" -> block.data.add(value);
        case "retry" -> retry = value;
        default -> {
          // the protocol says to ignore other fields
        }
      }
    }
    notifyAll();
  }

  private static final class Block {
    private String id = "";
    private String name = "message";
    private final List<String> data = new ArrayList<>();

    void finish(List<Event> events) {
      if (!data.isEmpty()) {
        events.add(new Event(id, name, String.join("\n", data)));
      }
      data.clear();
      name = "message";
    }
  }
}
