package dev.stitchd.segment;

import dev.stitchd.dev.Server;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// An upload that a test sends piece by piece, and can cut off in the middle. Blocks; for ordinary
/// threads.
public final class Upload implements AutoCloseable {

  public record Answer(int status, JsonNode json) {}

  private final Socket socket;
  private final OutputStream out;

  private Upload(Socket socket) throws IOException {
    this.socket = socket;
    this.out = socket.getOutputStream();
  }

  /// @param path below `/api/v1`
  public static Upload begin(Server server, String path, String type, String... headers)
      throws IOException {
    return begin(server.port(), path, type, headers);
  }

  /// The same to a server of which only the port is known.
  static Upload begin(int port, String path, String type, String... headers) throws IOException {
    return open(port, "PUT /api/v1" + path, Server.TOKEN, type, headers);
  }

  /// One of events, as lines.
  public static Upload ofEvents(Server server, String key) throws IOException {
    return open(server.port(), "POST /sdk/v1/events", key, "application/x-ndjson");
  }

  private static Upload open(
      int port, String request, String credential, String type, String... headers)
      throws IOException {
    var upload = new Upload(new Socket("127.0.0.1", port));
    upload.socket.setSoTimeout(60_000);
    var head =
        new StringBuilder(request + " HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            .append("Authorization: Bearer " + credential + "\r\nContent-Type: " + type + "\r\n");
    for (int i = 0; i < headers.length; i += 2) {
      head.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
    }
    head.append("Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
    upload.out.write(head.toString().getBytes(StandardCharsets.UTF_8));
    upload.out.flush();
    return upload;
  }

  /// All of it.
  static Answer whole(Server server, String path, String type, byte[] body, String... headers)
      throws IOException {
    try (var upload = begin(server, path, type, headers)) {
      upload.send(body);
      return upload.end();
    }
  }

  static Answer csv(Server server, String path, String body) throws IOException {
    return whole(server, path, "text/csv", body.getBytes(StandardCharsets.UTF_8));
  }

  public void send(String text) throws IOException {
    send(text.getBytes(StandardCharsets.UTF_8));
  }

  public void send(byte[] bytes) throws IOException {
    if (bytes.length > 0) {
      out.write((Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.UTF_8));
      out.write(bytes);
      out.write("\r\n".getBytes(StandardCharsets.UTF_8));
      out.flush();
    }
  }

  /// Says that nothing more comes.
  public Answer end() throws IOException {
    out.write("0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
    out.flush();
    return answer();
  }

  public Answer answer() throws IOException {
    var all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = Integer.parseInt(all.substring(9, 12));
    int from = all.indexOf('{');
    int to = all.lastIndexOf('}');
    return new Answer(
        status,
        from < 0
            ? JsonMapper.builder().build().createObjectNode()
            : JsonMapper.builder().build().readTree(all.substring(from, to + 1)));
  }

  /// As a client that dies.
  void cutOff() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
