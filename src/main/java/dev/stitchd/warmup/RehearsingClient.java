package dev.stitchd.warmup;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One connection that asks again and again what clients ask most: one flag, all flags, whether the
/// configuration has changed. Plain sockets, since a client's library would be warmed up too, and
/// takes its share of the compiler. Blocks; for a thread of its own.
final class RehearsingClient implements Runnable {

  private static final Logger LOG = LoggerFactory.getLogger(RehearsingClient.class);
  private static final int SILENCE_MILLIS = 1_000;
  private static final int USERS = 8;

  /// Of so many requests one is for all flags, and one for the configuration.
  private static final int SINGLES = 16;

  private final SocketAddress server;
  private final String bearer;
  private final AtomicInteger left;
  private final AtomicInteger answered;
  private final long end;

  /// @param left how many requests all connections together may still send
  /// @param answered counts those that were answered
  /// @param end when to stop, as [System#nanoTime] tells it
  RehearsingClient(
      SocketAddress server, String bearer, AtomicInteger left, AtomicInteger answered, long end) {
    this.server = server;
    this.bearer = bearer;
    this.left = left;
    this.answered = answered;
    this.end = end;
  }

  @Override
  public void run() {
    var requests = requests();
    try (var socket = new Socket()) {
      socket.setSoTimeout(SILENCE_MILLIS);
      socket.setTcpNoDelay(true);
      socket.connect(server, SILENCE_MILLIS);
      var out = socket.getOutputStream();
      var in = new BufferedInputStream(socket.getInputStream());
      for (int i = 0; System.nanoTime() < end && left.getAndDecrement() > 0; i++) {
        out.write(requests.get(i % requests.size()));
        passAnswer(in);
        answered.incrementAndGet();
      }
    } catch (IOException e) {
      LOG.debug("A connection of the warm-up ended", e);
    }
  }

  private List<byte[]> requests() {
    var requests = new ArrayList<byte[]>();
    for (int user = 0; user < USERS; user++) {
      for (int i = 0; i < SINGLES; i++) {
        requests.add(
            post("/ofrep/v1/evaluate/flags/" + RehearsedEnvironment.FLAG, user * SINGLES + i));
      }
      requests.add(post("/ofrep/v1/evaluate/flags", user));
      requests.add(
          ("GET /sdk/v1/config HTTP/1.1\r\nHost: "
                  + host()
                  + "\r\nAuthorization: "
                  + bearer
                  + "\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
    }
    return requests;
  }

  /// Put together by `+`: a formatter would have to be warmed up too, and would take the time of
  /// hundreds of requests.
  private byte[] post(String path, int user) {
    var body =
        "{\"context\":{\"targetingKey\":\"user-"
            + user
            + "\",\"email\":\"user-"
            + user
            + "@example.org\",\"country\":\""
            + (user % 2 == 0 ? "DE" : "FR")
            + "\",\"plan\":\"pro\"}}";
    var request =
        "POST "
            + path
            + " HTTP/1.1\r\nHost: "
            + host()
            + "\r\nAuthorization: "
            + bearer
            + "\r\nContent-Type: application/json\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    return request.getBytes(StandardCharsets.US_ASCII);
  }

  private String host() {
    return server instanceof InetSocketAddress address ? "127.0.0.1:" + address.getPort() : "local";
  }

  /// Reads one answer to its end. Ours have a length.
  private static void passAnswer(InputStream in) throws IOException {
    int length = 0;
    for (var line = line(in); !line.isEmpty(); line = line(in)) {
      if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
        length = Integer.parseInt(line.substring(15).strip());
      }
    }
    in.skipNBytes(length);
  }

  private static String line(InputStream in) throws IOException {
    var line = new StringBuilder();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new IOException("the answer was cut off");
      }
      if (next != '\r') {
        line.append((char) next);
      }
    }
    return line.toString();
  }
}
