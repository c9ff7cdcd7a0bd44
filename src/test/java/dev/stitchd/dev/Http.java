package dev.stitchd.dev;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A plain HTTP client that shares no code with the server. Blocks; for ordinary threads.
public final class Http {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final HttpClient client;
  private final String base;

  private Http(String base, HttpClient client) {
    this.base = base;
    this.client = client;
  }

  /// Requests below a URL such as `http://127.0.0.1:8080`.
  public static Http at(String base) {
    return at(
        base,
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build());
  }

  /// The same by another client.
  public static Http at(String base, HttpClient client) {
    return new Http(base, client);
  }

  /// An answer, read to its end.
  public record Answer(int status, java.net.http.HttpHeaders headers, String body) {

    /// The body as JSON; the missing node if there is none.
    public JsonNode json() {
      return body.isEmpty() ? JSON.missingNode() : JSON.readTree(body);
    }

    /// The value of a header, the empty string if it is not there.
    public String header(String name) {
      return headers.firstValue(name).orElse("");
    }
  }

  /// Sends a request.
  ///
  /// @param body the empty string for none; otherwise JSON unless the headers say another type
  /// @param headers name, value, name, value …
  public Answer send(String method, String path, String body, String... headers) {
    var request =
        HttpRequest.newBuilder(URI.create(base + path))
            .timeout(PATIENCE)
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (!body.isEmpty()) {
      request.header("Content-Type", "application/json");
    }
    for (var i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    try {
      var answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(answer.statusCode(), answer.headers(), answer.body());
    } catch (IOException e) {
      throw new IllegalStateException(method + " " + base + path + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  public Answer get(String path, String... headers) {
    return send("GET", path, "", headers);
  }

  public Answer post(String path, String body, String... headers) {
    return send("POST", path, body, headers);
  }
}
