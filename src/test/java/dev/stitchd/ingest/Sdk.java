package dev.stitchd.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Sends events as an SDK does, in bytes. Blocks.
public final class Sdk {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final String url;
  private final String key;

  public Sdk(String url, String key) {
    this.url = url + "/sdk/v1/events";
    this.key = key;
  }

  public record Answer(int status, java.net.http.HttpHeaders headers, String body) {
    public JsonNode json() {
      return JSON.readTree(body);
    }

    public String header(String name) {
      return headers.firstValue(name).orElse("");
    }
  }

  public static String evaluation(UUID id, Instant at, String flag, String variant) {
    return """
    {"type":"evaluation","id":"%s","at":"%s","flag":"%s","variant":"%s","context":{"targetingKey":"u-%s","secret":"s3cret","home":{"city":"Ulm","door":"s3cret"},"privateAttributes":["home.door"]}}\
    """
        .formatted(id, at, flag, variant, id);
  }

  /// @param more fields of the event, as `"value":1`
  public static String track(UUID id, Instant at, String event, String more) {
    return """
    {"type":"track","id":"%s","at":"%s","event":"%s",%s,"context":{"targetingKey":"u1"}}\
    """
        .formatted(id, at, event, more);
  }

  public static String array(Collection<String> events) {
    return events.stream().collect(Collectors.joining(",", "[", "]"));
  }

  public Answer send(byte[] body, String... headers) {
    return send(body, Duration.ofSeconds(60), headers);
  }

  /// @param patience how long to wait for the answer
  /// @throws IllegalStateException if there is none by then
  public Answer send(byte[] body, Duration patience, String... headers) {
    return send(HttpRequest.BodyPublishers.ofByteArray(body), patience, headers);
  }

  /// Sends a body with so many bytes of filling in its middle, made while they are sent.
  public Answer sendAround(String before, long filling, String after, String... headers) {
    var piece = "x".repeat(64 * 1024).getBytes(UTF_8);
    var pieces =
        Stream.concat(
            Stream.of(before.getBytes(UTF_8)),
            Stream.concat(
                LongStream.range(0, filling / piece.length).mapToObj(_ -> piece),
                Stream.of(after.getBytes(UTF_8))));
    return send(
        HttpRequest.BodyPublishers.ofByteArrays(pieces::iterator), Duration.ofSeconds(60), headers);
  }

  private Answer send(HttpRequest.BodyPublisher body, Duration patience, String... headers) {
    var request =
        HttpRequest.newBuilder(URI.create(url))
            .timeout(patience)
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json")
            .POST(body);
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    try {
      var answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(answer.statusCode(), answer.headers(), answer.body());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
