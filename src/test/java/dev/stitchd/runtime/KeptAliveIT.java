package dev.stitchd.runtime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Server;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Requests that follow each other on one connection as fast as a client can: answers found by a
/// database's thread and answers found at once.
@Timeout(60)
class KeptAliveIT {

  private static final int ROUNDS = 2_000;
  private static final int TOO_LONG_MILLIS = 5_000;

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

  private static String get(Socket socket, BufferedInputStream in, String path) throws IOException {
    var request =
        "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n"
            .formatted(path, Server.TOKEN);
    socket.getOutputStream().write(request.getBytes(ISO_8859_1));
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
