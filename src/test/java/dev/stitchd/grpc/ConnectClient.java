package dev.stitchd.grpc;

import dev.stitchd.kernel.Json;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/// One connection of a client that speaks Connect over HTTP/1.1, by hand, so that what a real one
/// would never send can be sent. Blocks; for ordinary threads.
final class ConnectClient implements AutoCloseable {

  private static final Duration SOON = Duration.ofSeconds(30);

  /// A unary answer.
  ///
  /// @param headers by their names in small letters
  record Answer(int status, Map<String, String> headers, byte[] body) {

    JsonNode json() {
      return Json.parse(body);
    }

    /// What Connect calls the failure.
    String code() {
      return json().path("code").asString("");
    }

    @Override
    public String toString() {
      return status + " " + headers + " " + new String(body, StandardCharsets.UTF_8);
    }
  }

  /// A message of a stream.
  record Envelope(int flags, byte[] message) {

    boolean isEnd() {
      return (flags & 2) != 0;
    }

    JsonNode json() {
      return Json.parse(message);
    }
  }

  private final Socket socket;
  private final DataInputStream from;
  private final OutputStream to;
  private byte[] chunk = {};
  private int at;

  ConnectClient(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout((int) SOON.toMillis());
    from = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
    to = socket.getOutputStream();
  }

  static ConnectClient to(int port) throws IOException {
    return new ConnectClient(new Socket("127.0.0.1", port));
  }

  int localPort() {
    return socket.getLocalPort();
  }

  /// Sends a request and reads its answer.
  ///
  /// @param head lines of headers
  Answer ask(String path, byte[] body, String... head) throws IOException {
    send(path, body, head);
    return answer();
  }

  void send(String path, byte[] body, String... head) throws IOException {
    var request = new ByteArrayOutputStream();
    request.writeBytes(
        ("POST %s HTTP/1.1\r\nContent-Length: %d\r\n".formatted(path, body.length)
                + (String.join("\r\n", head).toLowerCase(Locale.ROOT).contains("host: ")
                    ? ""
                    : "Host: flags.example\r\n")
                + String.join("\r\n", head)
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    request.writeBytes(body);
    raw(request.toByteArray());
  }

  void raw(byte[] bytes) throws IOException {
    to.write(bytes);
    to.flush();
  }

  void raw(String text) throws IOException {
    raw(text.getBytes(StandardCharsets.US_ASCII));
  }

  Answer answer() throws IOException {
    var line = line();
    var headers = new TreeMap<String, String>();
    for (var header = line(); !header.isEmpty(); header = line()) {
      int colon = header.indexOf(':');
      headers.put(
          header.substring(0, colon).toLowerCase(Locale.ROOT), header.substring(colon + 1).strip());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    return new Answer(Integer.parseInt(line.split(" ")[1]), headers, from.readNBytes(length));
  }

  /// The next message of a stream, after [#answer] has read how it begins.
  Envelope envelope() throws IOException {
    int flags = next();
    int length = next() << 24 | next() << 16 | next() << 8 | next();
    var message = new byte[length];
    for (int i = 0; i < length; i++) {
      message[i] = (byte) next();
    }
    return new Envelope(flags, message);
  }

  private int next() throws IOException {
    while (at == chunk.length) {
      var size = line();
      chunk = from.readNBytes(Integer.parseInt(size, 16));
      at = 0;
      line();
      if (chunk.length == 0) {
        throw new EOFException("the stream has ended");
      }
    }
    return chunk[at++] & 0xFF;
  }

  private String line() throws IOException {
    var line = new StringBuilder();
    for (int sign = from.read(); sign != '\n'; sign = from.read()) {
      if (sign < 0) {
        throw new EOFException("the server closed the connection");
      }
      if (sign != '\r') {
        line.append((char) sign);
      }
    }
    return line.toString();
  }

  /// All that the server still says until it closes the connection, or resets it.
  byte[] rest() throws IOException {
    var all = new ByteArrayOutputStream();
    try {
      for (int next = from.read(); next >= 0; next = from.read()) {
        all.write(next);
      }
    } catch (java.net.SocketException _) {
      // it did not read all that was sent
    }
    return all.toByteArray();
  }

  /// Waits until the server closes the connection.
  boolean isClosedSoon() throws IOException {
    try {
      while (from.read() >= 0) {
        // what it still says
      }
      return true;
    } catch (java.net.SocketTimeoutException _) {
      return false;
    } catch (java.net.SocketException _) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
