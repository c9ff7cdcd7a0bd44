package dev.stitchd.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Server;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Many streams of one server at once: some that take nothing, all dropped and back again. The long
/// versions are in `load-tests`.
@Timeout(120)
class CrowdIT {

  private static final int CROWD = 200;
  private static final String PROJECT = "crowd";

  private static Server server;
  private static Admin admin;
  private static String key;

  @BeforeAll
  static void start() {
    server =
        Server.start(Map.of("STITCHD_STREAM_HEARTBEAT", "PT1S", "STITCHD_STREAM_STALLED", "PT2S"));
    admin = server.admin();
    admin.createProject(PROJECT);
    admin.createEnvironment(PROJECT, "production");
    key = admin.createSdkKey(PROJECT, "production", "server");
    var flag =
        "{\"key\":\"big\",\"name\":\"big\",\"type\":\"string\",\"variants\":{\"a\":\"%s\",\"b\":\"b\"}}"
            .formatted("x".repeat(40_000));
    assertThat(admin.send("POST", "/projects/" + PROJECT + "/flags", flag).status()).isEqualTo(201);
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  /// One connection that notes where it is.
  private static final class Stream implements AutoCloseable {
    private final Socket socket = new Socket();
    private volatile String cursor = "";

    private Stream(String resume, boolean reads) {
      try {
        if (!reads) {
          socket.setReceiveBufferSize(4_096);
        }
        socket.connect(new InetSocketAddress("127.0.0.1", server.port()));
        var request =
            "GET /sdk/v1/stream HTTP/1.1\r\nHost: here\r\nX-API-Key: %s\r\nLast-Event-ID: %s\r\n\r\n";
        socket.getOutputStream().write(request.formatted(key, resume).getBytes(UTF_8));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      if (reads) {
        Thread.ofVirtual().start(this::read);
      }
    }

    private void read() {
      try (var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8))) {
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
          if (line.startsWith("id: ")) {
            cursor = line.substring(4);
          }
        }
      } catch (IOException _) {
        // closed, by either side
      }
    }

    @Override
    public void close() {
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Test
  void stalledClientsAreClosedAndDelayNobodyAndACrowdThatIsDroppedComesBack() {
    var crowd = crowd(i -> "", CROWD, true);
    var stalled = crowd(i -> "", 4, false);
    waitUntil(() -> open() == CROWD + 4);

    for (int i = 0; i < 200; i++) {
      admin.serve(PROJECT, "big", "production", i % 2 == 0 ? "a" : "b");
    }
    var at = newest();
    waitUntil(() -> crowd.stream().allMatch(stream -> stream.cursor.equals(at)));
    waitUntil(() -> count("stitchd.stream.stalled") == 4);
    waitUntil(() -> open() == CROWD);
    assertThat(count("stitchd.stream.skipped")).isPositive();

    crowd.forEach(Stream::close);
    var back = crowd(i -> crowd.get(i).cursor, CROWD, true);
    waitUntil(() -> open() == CROWD);
    admin.serve(PROJECT, "big", "production", "a");
    var last = newest();
    waitUntil(() -> back.stream().allMatch(stream -> stream.cursor.equals(last)));

    back.forEach(Stream::close);
    stalled.forEach(Stream::close);
    waitUntil(() -> open() == 0);
    assertThat(server.bean(MeterRegistry.class).find("stitchd.stream.open").gauges()).isEmpty();
  }

  private static List<Stream> crowd(
      java.util.function.IntFunction<String> resume, int size, boolean reads) {
    return IntStream.range(0, size).mapToObj(i -> new Stream(resume.apply(i), reads)).toList();
  }

  private static String newest() {
    var tag = server.http().get("/sdk/v1/config", "X-API-Key", key).header("ETag");
    return tag.substring(1, tag.length() - 1);
  }

  private static double open() {
    return server.bean(MeterRegistry.class).get("stitchd.streams").gauge().value();
  }

  private static double count(String counter) {
    return server.bean(MeterRegistry.class).get(counter).counter().count();
  }

  private static void waitUntil(BooleanSupplier condition) {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
