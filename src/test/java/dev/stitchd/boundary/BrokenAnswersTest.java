package dev.stitchd.boundary;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.LogLines;
import dev.stitchd.kernel.Problem;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.http.codec.ServerCodecConfigurer;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/// Answers that fail when they have begun.
class BrokenAnswersTest {

  private static final Duration SOON = Duration.ofSeconds(20);

  private final String path = "/" + UUID.randomUUID();
  private final Sinks.Empty<String> rest = Sinks.empty();
  private final AtomicInteger ended = new AtomicInteger();
  private final DisposableServer server =
      HttpServer.create()
          .port(0)
          .handle(
              new ReactorHttpHandlerAdapter(
                  WebHttpHandlerBuilder.webHandler(this::begun)
                      .codecConfigurer(ServerCodecConfigurer.create()) // blocks the first time
                      .exceptionHandler(new ProblemHandler(new Failures(new Random(1))))
                      .build()))
          .bindNow();

  /// Answers a first line, and then waits for the rest.
  private Mono<Void> begun(ServerWebExchange exchange) {
    var response = exchange.getResponse();
    return response
        .writeAndFlushWith(
            Flux.concat(Mono.just("first\n"), rest.asMono())
                .map(text -> Mono.just(response.bufferFactory().wrap(text.getBytes(UTF_8)))))
        .doFinally(_ -> ended.incrementAndGet());
  }

  @AfterEach
  void stop() {
    server.disposeNow();
  }

  @Test
  void aFailureIsToldOnceAndEndsTheConnectionInTheMiddle() throws Exception {
    try (var log = LogLines.open();
        var socket = asked()) {
      rest.tryEmitError(new IOException("the store is gone")).orThrow();
      assertThat(rest(socket)).as("no last chunk").doesNotContain("0\r\n\r\n");
      assertThat(linesOf(log, socket))
          .singleElement()
          .asString()
          .startsWith("WARN Management API: GET " + path + " failed after its answer had begun")
          .contains("the store is gone");
    }
  }

  @Test
  void aProblemWasToldWhereItArose() throws Exception {
    try (var log = LogLines.open();
        var socket = asked()) {
      rest.tryEmitError(new Problem.NotFound("it was deleted meanwhile")).orThrow();
      assertThat(rest(socket)).as("no last chunk").doesNotContain("0\r\n\r\n");
      assertThat(linesOf(log, socket)).isEmpty();
    }
  }

  @Test
  void aClientThatGoesIsNoFailure() throws Exception {
    try (var log = LogLines.open();
        var socket = asked()) {
      socket.setSoLinger(true, 0);
      socket.close();
      await().atMost(SOON).until(() -> ended.get() == 1);
      assertThat(linesOf(log, socket)).isEmpty();
    }
  }

  /// A connection on which the answer has begun.
  private Socket asked() throws IOException {
    var socket = new Socket("127.0.0.1", server.port());
    socket.setSoTimeout((int) SOON.toMillis());
    socket
        .getOutputStream()
        .write(("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").getBytes(UTF_8));
    var answer = new StringBuilder();
    while (answer.indexOf("first") < 0) {
      int next = socket.getInputStream().read();
      assertThat(next).as("ends after " + answer).isNotNegative();
      answer.append((char) next);
    }
    return socket;
  }

  private static String rest(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), UTF_8);
  }

  /// What is logged of the request, or of its connection.
  private List<String> linesOf(LogLines log, Socket socket) {
    var connection = ":" + socket.getLocalPort() + "]";
    return log.lines().stream()
        .filter(line -> line.contains(path) || line.contains(connection))
        .filter(line -> !line.startsWith("DEBUG"))
        .toList();
  }
}
