package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SseClientTest {

  private static final Duration PATIENCE = Patience.SOON;

  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void readsEveryPartOfTheProtocol() {
    serve(
        200,
        """
        retry: 1873

        : hb

        id: a.1
        event: put
        data: {"revision":
        data: 1}

        data: bare
        unknown: ignored

        id: a.2
        event: without-data

        """);

    try (var stream = SseClient.open(url())) {
      stream.awaitEnd(PATIENCE);

      assertThat(stream.events())
          .containsExactly(
              new SseClient.Event("a.1", "put", "{\"revision\":\n1}"),
              new SseClient.Event("a.1", "message", "bare"));
      assertThat(stream.events().getFirst().json().path("revision").asInt()).isEqualTo(1);
      assertThat(stream.comments()).containsExactly("hb");
      assertThat(stream.retry()).isEqualTo("1873");
    }
  }

  @Test
  void waitsForEachEventOnce() {
    serve(200, "data: same\n\ndata: other\n\ndata: same\n\n");

    try (var stream = SseClient.open(url())) {
      assertThat(stream.await(event -> event.data().equals("same"), PATIENCE).data())
          .isEqualTo("same");
      assertThat(stream.await(event -> event.data().equals("same"), PATIENCE).data())
          .isEqualTo("same");
      assertThatThrownBy(() -> stream.await(event -> event.data().equals("same"), PATIENCE))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("ended");
    }
  }

  @Test
  void answersTheStatusOfARefusal() {
    serve(401, "{}");

    try (var stream = SseClient.open(url())) {
      assertThat(stream.status()).isEqualTo(401);
    }
  }

  private void serve(int status, String body) {
    server.createContext(
        "/",
        exchange -> {
          var bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }

  private String url() {
    return "http://127.0.0.1:%d/".formatted(server.getAddress().getPort());
  }
}
