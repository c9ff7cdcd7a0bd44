package dev.stitchd.runtime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Patience;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;

/// Connections that may wait for 400 ms, to a server whose answers take 1.2 s if asked to.
@Timeout(180)
class IdleConnectionsTest {

  private static final Duration IDLE = Duration.ofMillis(400);
  private static final Duration LONG = IDLE.multipliedBy(3);

  private final DisposableServer server =
      HttpServer.create()
          .host("127.0.0.1")
          .port(0)
          .protocol(HttpProtocol.HTTP11, HttpProtocol.H2C)
          .doOnChannelInit((_, channel, _) -> IdleConnections.watch(channel, IDLE))
          .handle((request, response) ->
              request.uri().equals("/long")
                  ? response.sendString(Mono.just("done").delayElement(LONG))
                  : response.sendString(Mono.just("done")))
          .bindNow();

  @AfterEach
  void stop() {
    server.disposeNow();
  }

  @Test
  void aConnectionWithoutARequestIsClosed() throws IOException {
    try (var socket = connect()) {
      assertThat(closedAfter(socket)).isBetween(IDLE.minusMillis(50), Patience.within(LONG));
    }
  }

  @Test
  void aConnectionWaitsForItsNextRequestAndIsClosedThen() throws IOException {
    try (var socket = connect()) {
      for (int i = 0; i < 8; i++) {
        send(socket, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(answer(socket)).startsWith("HTTP/1.1 200");
        pause(IDLE.dividedBy(4));
      }
      assertThat(closedAfter(socket)).isLessThan(Patience.within(LONG));
    }
  }

  @Test
  void anAnswerMayTakeLonger() throws IOException {
    try (var socket = connect()) {
      send(socket, "GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(answer(socket)).startsWith("HTTP/1.1 200").contains("done");
      pause(IDLE.dividedBy(4));
      send(socket, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(answer(socket)).startsWith("HTTP/1.1 200");
      assertThat(closedAfter(socket)).isLessThan(Patience.within(LONG));
    }
  }

  @Test
  void halfARequestIsNoRequestHoweverSlowlyItComes() throws IOException {
    try (var socket = connect()) {
      send(socket, "GET / HTTP/1.1\r\nX-Slow: ");
      long start = System.nanoTime();
      var longest = Patience.within(LONG);
      while (System.nanoTime() - start < longest.toNanos() && isOpenFor(socket, "x")) {}
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(longest);
    }
  }

  @Test
  void aConnectionOfHttp2WithoutARequestIsClosedToo() throws IOException {
    try (var socket = connect()) {
      send(socket, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0");
      assertThat(closedAfter(socket)).isBetween(IDLE.minusMillis(50), Patience.within(LONG));
    }
  }

  @Test
  void pingsOfHttp2AreNoRequests() throws IOException {
    try (var socket = connect()) {
      send(socket, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0");
      long start = System.nanoTime();
      var longest = Patience.within(LONG.multipliedBy(2));
      while (System.nanoTime() - start < longest.toNanos()
          && isOpenFor(socket, "\0\0\10\6\0\0\0\0\0pingpong")) {}
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(longest);
    }
  }

  private Socket connect() throws IOException {
    var socket = new Socket("127.0.0.1", server.port());
    socket.setSoTimeout(Math.toIntExact(Patience.within(LONG).toMillis()));
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
  }

  private static String answer(Socket socket) throws IOException {
    var text = new StringBuilder();
    while (!text.toString().contains("done") && !text.toString().endsWith("0\r\n\r\n")) {
      int c = socket.getInputStream().read();
      assertThat(c).as("the connection is open after %s", text).isNotNegative();
      text.append((char) c);
    }
    socket.getInputStream().skipNBytes(socket.getInputStream().available());
    return text.toString();
  }

  /// Looks for the end for a moment and then sends more. A close between the two is seen as a reset
  /// by whichever comes next, so both of them tell.
  private static boolean isOpenFor(Socket socket, String more) {
    try {
      socket.setSoTimeout(50);
      if (socket.getInputStream().read(new byte[8_192]) < 0) {
        return false;
      }
    } catch (SocketTimeoutException _) {
      // still open
    } catch (IOException _) {
      return false;
    }
    try {
      send(socket, more);
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  private static Duration closedAfter(Socket socket) throws IOException {
    long start = System.nanoTime();
    socket.getInputStream().transferTo(OutputStream.nullOutputStream());
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private static void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
