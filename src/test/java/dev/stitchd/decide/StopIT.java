package dev.stitchd.decide;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Server;
import dev.stitchd.dev.StoreUrl;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

/// Clients go on asking on the connections that they have while the node stops.
@Timeout(120)
class StopIT {

  private static final int CLIENTS = 4;
  private static final int BEFORE_THE_STOP = 2_000;

  @RepeatedTest(3)
  void whatWasAnsweredUntilTheLastConnectionClosedIsRecorded() throws Exception {
    var server = Server.start(Map.of("STITCHD_DRAIN", "PT2S"));
    var admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    admin.createFlag("web", "checkout");
    var request = request(admin.createSdkKey("web", "production", "server"));
    var port = server.port();
    var answered = new AtomicInteger();
    var clients = new ArrayList<Thread>();
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(Thread.ofPlatform().start(() -> ask(port, request, answered)));
    }
    while (answered.get() < BEFORE_THE_STOP) {
      Thread.sleep(1);
    }

    server.stop();
    for (var client : clients) {
      client.join();
    }

    assertThat(StoreUrl.of(server.clickHouse()).query("SELECT count() FROM evaluation_events"))
        .satisfies(rows ->
            assertThat(Integer.parseInt(rows.getFirst()))
                .isBetween(answered.get(), answered.get() + CLIENTS)); // answers that were cut off
  }

  private static byte[] request(String key) {
    var body = "{\"context\":{\"targetingKey\":\"u\"}}";
    return ("POST /ofrep/v1/evaluate/flags/checkout HTTP/1.1\r\nHost: localhost\r\nX-API-Key: "
            + key
            + "\r\nContent-Type: application/json\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body)
        .getBytes(ISO_8859_1);
  }

  private static void ask(int port, byte[] request, AtomicInteger answered) {
    try (var socket = new Socket("127.0.0.1", port)) {
      socket.setTcpNoDelay(true);
      var in = new BufferedInputStream(socket.getInputStream());
      while (true) {
        socket.getOutputStream().write(request);
        if (!answer(in).contains(" 200 ")) {
          return;
        }
        answered.incrementAndGet();
      }
    } catch (IOException _) {
      // closed, as was to be expected
    }
  }

  private static String answer(BufferedInputStream in) throws IOException {
    var head = new ArrayList<String>();
    for (var line = line(in); !line.isEmpty(); line = line(in)) {
      head.add(line);
    }
    int length = length(head);
    if (in.readNBytes(length).length < length) {
      throw new IOException("cut off");
    }
    return head.getFirst();
  }

  private static int length(List<String> head) {
    return head.stream()
        .filter(line -> line.regionMatches(true, 0, "content-length:", 0, 15))
        .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
        .findFirst()
        .orElse(0);
  }

  private static String line(BufferedInputStream in) throws IOException {
    var line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("closed");
      }
      line.append((char) c);
    }
    return line.toString().strip();
  }
}
