package dev.stitchd.runtime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Server;
import dev.stitchd.dev.TestCertificate;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Uploads that are refused while their clients, which read no answer before they have sent all,
/// still send.
@Timeout(180)
class LingeringIT {

  private static final int TOO_LONG_MILLIS = 20_000;
  private static final byte[] PIECE = new byte[64 * 1024];
  private static final int PIECES = 160;

  /// Refused after it was looked up, before anything is read.
  private static final String UNKNOWN_LIST =
      "/api/v1/projects/web/environments/production/segments/none/members";

  @TempDir private static Path folder;

  @Test
  void whoStillSendsReadsWhyItWasRefused() throws IOException {
    try (var server = Server.start()) {
      server.admin().createProject("web");
      for (var i = 0; i < 8; i++) {
        assertThat(refusal(plain(server), "/api/v1/projects", Server.TOKEN))
            .startsWith("HTTP/1.1 415");
        assertThat(refusal(plain(server), "/api/v1/projects", "wrong")).startsWith("HTTP/1.1 401");
      }
    }
  }

  /// The answer, which another thread found, and the end of the request meet on their ways.
  @Test
  void whoSendsItsEndWhileItIsRefusedReadsWhy() throws IOException {
    try (var server = Server.start()) {
      server.admin().createProject("web");
      for (var i = 0; i < 400; i++) {
        try (var socket = plain(server)) {
          begin(socket, "PUT", UNKNOWN_LIST, Server.TOKEN);
          LockSupport.parkNanos(i * 10_000L);
          socket.getOutputStream().write("1\r\na\r\n".getBytes(ISO_8859_1));
          LockSupport.parkNanos(i % 20 * 50_000L);
          socket.getOutputStream().write("0\r\n\r\n".getBytes(ISO_8859_1));
          assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1))
              .startsWith("HTTP/1.1 404");
        }
      }
    }
  }

  @Test
  void whoStillSendsReadsItOverTlsToo() throws IOException {
    var certificate = TestCertificate.in(folder);
    var settings =
        Map.of(
            "STITCHD_TLS_CERTIFICATE", certificate.certificate().toString(),
            "STITCHD_TLS_PRIVATE_KEY", certificate.privateKey().toString());
    try (var server = Server.start(settings)) {
      for (var i = 0; i < 4; i++) {
        var socket =
            certificate.trusting().getSocketFactory().createSocket("localhost", server.port());
        assertThat(refusal(socket, "/api/v1/projects", "wrong")).startsWith("HTTP/1.1 401");
      }
    }
  }

  @Test
  void whoNeverStopsSendingIsCutOff() throws IOException {
    try (var server = Server.start(Map.of("STITCHD_HTTP_LINGERING", "PT0.2S"));
        var socket = plain(server)) {
      begin(socket, "/api/v1/projects", "wrong");
      assertThat(sendUntilCut(socket)).isInstanceOf(SocketException.class);
    }
  }

  @Test
  void whoHasSentAllIsLetGoAtOnce() throws IOException {
    try (var server = Server.start(Map.of("STITCHD_HTTP_LINGERING", "PT50S"));
        var socket = plain(server)) {
      socket.setSoTimeout(TOO_LONG_MILLIS);
      socket
          .getOutputStream()
          .write(
              "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                  .getBytes(ISO_8859_1));
      assertThat(new String(socket.getInputStream().readAllBytes(), ISO_8859_1)).contains(" 200 ");
      assertThat(sendUntilCut(socket)).isInstanceOf(SocketException.class);
    }
  }

  private static Socket plain(Server server) throws IOException {
    return new Socket("127.0.0.1", server.port());
  }

  private static String refusal(Socket to, String path, String token) throws IOException {
    try (var socket = to) {
      begin(socket, path, token);
      for (var i = 0; i < PIECES; i++) {
        send(socket);
      }
      socket.getOutputStream().write("0\r\n\r\n".getBytes(ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }

  private static void begin(Socket socket, String path, String token) throws IOException {
    begin(socket, "POST", path, token);
  }

  private static void begin(Socket socket, String method, String path, String token)
      throws IOException {
    socket.setSoTimeout(TOO_LONG_MILLIS);
    var head =
        """
        %s %s HTTP/1.1\r
        Host: localhost\r
        Authorization: Bearer %s\r
        Content-Type: text/csv\r
        Transfer-Encoding: chunked\r
        Connection: close\r
        \r
        """
            .formatted(method, path, token);
    socket.getOutputStream().write(head.getBytes(ISO_8859_1));
  }

  private static void send(Socket socket) throws IOException {
    socket
        .getOutputStream()
        .write((Integer.toHexString(PIECE.length) + "\r\n").getBytes(ISO_8859_1));
    socket.getOutputStream().write(PIECE);
    socket.getOutputStream().write("\r\n".getBytes(ISO_8859_1));
  }

  private static IOException sendUntilCut(Socket socket) {
    long end = System.nanoTime() + TOO_LONG_MILLIS * 1_000_000L;
    try {
      while (System.nanoTime() < end) {
        send(socket);
      }
      throw new AssertionError("was not cut off");
    } catch (IOException e) {
      return e;
    }
  }
}
