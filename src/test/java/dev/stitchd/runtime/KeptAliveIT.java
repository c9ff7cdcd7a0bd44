package dev.stitchd.runtime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Server;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Requests that follow each other on one connection as fast as a client can: answers found by a
/// database's thread and answers found at once.
@Timeout(180)
class KeptAliveIT {

  private static final int ROUNDS = 2_000;
  private static final int TOO_LONG_MILLIS = 20_000;

  @Test
  void noRequestOfAConnectionIsForgotten() throws IOException {
    try (var server = Server.start();
        var socket = new Socket("127.0.0.1", server.port())) {
      socket.setSoTimeout(TOO_LONG_MILLIS);
      socket.setTcpNoDelay(true);
      var in = new BufferedInputStream(socket.getInputStream());
      for (int i = 0; i < ROUNDS; i++) {
        assertThat(get(socket, in, "/api/v1/projects")).as("round %d", i).contains(" 200 ");
        assertThat(get(socket, in, "/health/live")).as("round %d", i).contains(" 200 ");
      }
    }
  }

  /// The first is answered by a database's thread or after a while, the second at once; what comes
  /// then has to be read.
  @Test
  void aConnectionGoesOnAfterTwoRequestsThatCameTogether() throws IOException {
    try (var server = Server.start()) {
      var admin = server.admin();
      admin.createProject("web");
      admin.createEnvironment("web", "production");
      var key = admin.createSdkKey("web", "production", "server");
      var config = request("GET", "/sdk/v1/config", key, "", "");
      var firsts =
          Map.of(
              "unknown key", request("GET", "/sdk/v1/config", "sdk_srv_" + "x".repeat(40), "", ""),
              "long poll",
                  request("GET", "/sdk/v1/config?wait=PT0.3S", key, "If-None-Match: *\r\n", ""),
              "management", request("GET", "/api/v1/projects", Server.TOKEN, "", ""),
              "events", request("POST", "/sdk/v1/events", key, "", "[]"),
              "health", request("GET", "/health/ready", key, "", ""),
              "config", config);
      for (var first : firsts.entrySet()) {
        for (var apart : List.of(0, 100)) {
          try (var socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(TOO_LONG_MILLIS);
            socket.setTcpNoDelay(true);
            var in = new BufferedInputStream(socket.getInputStream());
            if (apart == 0) {
              send(socket, first.getValue() + config + config);
            } else {
              send(socket, first.getValue());
              Thread.sleep(apart);
              send(socket, config + config);
            }
            var _ = answer(in);
            for (int i = 0; i < 2; i++) {
              assertThat(answer(in)).as(first.getKey()).contains(" 200 ");
            }
            for (int i = 0; i < 3; i++) {
              send(socket, config);
              assertThat(answer(in)).as("after %s", first.getKey()).contains(" 200 ");
            }
          } catch (IOException e) {
            throw new AssertionError(first.getKey() + ", apart by " + apart, e);
          }
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String request(
      String method, String path, String bearer, String headers, String body) {
    return "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s%s\r\n%s"
        .formatted(
            method,
            path,
            bearer,
            headers,
            body.isEmpty()
                ? ""
                : "Content-Type: application/json\r\nContent-Length: %d\r\n"
                    .formatted(body.length()),
            body);
  }

  private static void send(Socket socket, String requests) throws IOException {
    socket.getOutputStream().write(requests.getBytes(ISO_8859_1));
  }

  private static String get(Socket socket, BufferedInputStream in, String path) throws IOException {
    send(socket, request("GET", path, Server.TOKEN, "", ""));
    return answer(in);
  }

  private static String answer(BufferedInputStream in) throws IOException {
    var status = line(in);
    int length = 0;
    for (var header = line(in); !header.isEmpty(); header = line(in)) {
      if (header.regionMatches(true, 0, "content-length:", 0, 15)) {
        length = Integer.parseInt(header.substring(15).strip());
      }
    }
    assertThat(in.readNBytes(length)).hasSize(length);
    return status;
  }

  private static String line(BufferedInputStream in) throws IOException {
    var line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the connection was closed");
      }
      line.append((char) c);
    }
    return line.toString().strip();
  }
}
