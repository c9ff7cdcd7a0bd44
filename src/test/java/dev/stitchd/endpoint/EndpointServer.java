package dev.stitchd.endpoint;

import dev.stitchd.access.Access;
import dev.stitchd.access.StreamTokens;
import dev.stitchd.boundary.Failures;
import dev.stitchd.snapshot.Snapshots;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/// The SDK plane over a real HTTP server, with the endpoints that a test gives it; every other
/// request is answered 418.
public final class EndpointServer implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  public final MeterRegistry meters = new SimpleMeterRegistry();
  private final DisposableServer server;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  public EndpointServer(
      Access access, StreamTokens tokens, Snapshots snapshots, Endpoint... endpoints) {
    var plane =
        new SdkPlane(
            new EndpointAccess(access, tokens, snapshots),
            List.of(endpoints),
            new Failures(new SplittableRandom(7)),
            meters);
    server =
        HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .route(routes ->
                plane.apply(routes).route(_ -> true, (_, response) -> response.status(418).send()))
            .bindNow(PATIENCE);
  }

  public static StreamTokens noTokens() {
    return new NoTokens();
  }

  /// Sends a request, which has a body if there is one.
  ///
  /// @param headers names and values in turns
  public CompletableFuture<HttpResponse<byte[]>> ask(
      String method, String path, byte[] body, String... headers) {
    var request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
            .timeout(PATIENCE)
            .method(
                method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return client.sendAsync(request.build(), BodyHandlers.ofByteArray());
  }

  /// The answer to a request.
  public HttpResponse<byte[]> answer(String method, String path, byte[] body, String... headers) {
    return ask(method, path, body, headers).join();
  }

  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    client.shutdownNow();
    server.disposeNow(PATIENCE);
  }
}
