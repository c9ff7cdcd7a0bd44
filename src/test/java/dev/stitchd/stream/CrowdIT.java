package dev.stitchd.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.TestCertificate;
import dev.stitchd.dev.Transport;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.ChannelOption;
import io.netty.handler.ssl.SslContextBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.http.Http11SslContextSpec;
import reactor.netty.http.Http2SslContextSpec;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.tcp.SslProvider;

/// Many streams of one server at once, over each transport: some that take nothing, all dropped and
/// back again. The long versions are in `load-tests`.
@LongRunning
@Timeout(120)
class CrowdIT {

  private static final int CROWD = 200;

  /// Clients share the processors, and would mostly measure how fast they decrypt.
  private static final int ENCRYPTED_CROWD = 30;

  private static final Duration HANDSHAKE = Duration.ofSeconds(30);
  private static final String PROJECT = "crowd";

  private static final Map<String, String> SETTINGS =
      Map.of("STITCHD_STREAM_HEARTBEAT", "PT1S", "STITCHD_STREAM_STALLED", "PT4S");

  private static Server plain;
  private static Server encrypted;
  private static Admin admin;
  private static String key;

  @BeforeAll
  static void start() {
    plain = Server.start(SETTINGS);
    encrypted = Server.on(plain.postgres(), plain.clickHouse(), Transport.TLS.settings(SETTINGS));
    admin = plain.admin();
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
    encrypted.stop();
    plain.stop();
  }

  /// One stream that notes where it is. Those of HTTP/2 share connections, but for those that take
  /// nothing.
  private static final class Stream implements AutoCloseable {
    private final StringBuilder line = new StringBuilder();
    private final Disposable reading;
    private volatile String cursor = "";

    private Stream(HttpClient http, String resume, boolean reads) {
      var asked =
          (reads ? http : http.option(ChannelOption.SO_RCVBUF, 4_096))
              .headers(head -> head.set("X-API-Key", key).set("Last-Event-ID", resume))
              .get()
              .uri("/sdk/v1/stream");
      this.reading =
          (reads
                  ? asked.responseContent().asString().doOnNext(this::read).then()
                  : asked.responseConnection((_, connection) -> takeNothing(connection)).then())
              .onErrorComplete() // closed, by either side
              .subscribe();
    }

    private static Mono<Void> takeNothing(Connection connection) {
      connection.channel().config().setAutoRead(false);
      return Mono.never();
    }

    private void read(String text) {
      int from = 0;
      for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        line.append(text, from, end);
        if (line.length() < 100 && line.indexOf("id: ") == 0) {
          cursor = line.substring(4);
        }
        line.setLength(0);
        from = end + 1;
      }
      line.append(text, from, text.length());
    }

    @Override
    public void close() {
      reading.dispose();
    }
  }

  @ParameterizedTest
  @EnumSource
  void stalledClientsAreClosedAndDelayNobodyAndACrowdThatIsDroppedComesBack(Transport transport) {
    var server = transport.isEncrypted() ? encrypted : plain;
    int size = transport.isEncrypted() ? ENCRYPTED_CROWD : CROWD;
    double stalledBefore = count(server, "stitchd.stream.stalled");
    double skippedBefore = count(server, "stitchd.stream.skipped");
    var http = client(server, transport, ConnectionProvider.create("crowd", size));
    var unshared = client(server, transport, ConnectionProvider.newConnection());
    var crowd = crowd(http, _ -> "", size, true);
    var stalled = crowd(unshared, _ -> "", 4, false);
    waitUntil(() -> open(server) == size + 4);

    for (int i = 0; i < 200; i++) {
      admin.serve(PROJECT, "big", "production", i % 2 == 0 ? "a" : "b");
    }
    var at = newest();
    waitUntil(() -> crowd.stream().allMatch(stream -> stream.cursor.equals(at)));
    waitUntil(() -> count(server, "stitchd.stream.stalled") - stalledBefore == 4);
    waitUntil(() -> open(server) == size);
    assertThat(count(server, "stitchd.stream.skipped")).isGreaterThan(skippedBefore);

    crowd.forEach(Stream::close);
    var back = crowd(http, i -> crowd.get(i).cursor, size, true);
    waitUntil(() -> open(server) == size);
    admin.serve(PROJECT, "big", "production", "a");
    var last = newest();
    waitUntil(() -> back.stream().allMatch(stream -> stream.cursor.equals(last)));

    back.forEach(Stream::close);
    stalled.forEach(Stream::close);
    waitUntil(() -> open(server) == 0);
    assertThat(server.bean(MeterRegistry.class).find("stitchd.stream.open").gauges()).isEmpty();
  }

  private static HttpClient client(
      Server server, Transport transport, ConnectionProvider connections) {
    var client =
        HttpClient.create(connections)
            .baseUrl(server.url())
            .protocol(transport == Transport.HTTP_2 ? HttpProtocol.H2 : HttpProtocol.HTTP11);
    return transport.isEncrypted()
        ? client.secure(ssl -> ssl.sslContext(trusting(transport)).handshakeTimeout(HANDSHAKE))
        : client;
  }

  private static SslProvider.GenericSslContextSpec<SslContextBuilder> trusting(
      Transport transport) {
    var certificate = TestCertificate.shared().certificate().toFile();
    return transport == Transport.HTTP_2
        ? Http2SslContextSpec.forClient().configure(ssl -> ssl.trustManager(certificate))
        : Http11SslContextSpec.forClient().configure(ssl -> ssl.trustManager(certificate));
  }

  private static List<Stream> crowd(
      HttpClient http, IntFunction<String> resume, int size, boolean reads) {
    return IntStream.range(0, size)
        .mapToObj(i -> new Stream(http, resume.apply(i), reads))
        .toList();
  }

  /// The cursor of the last write.
  private static String newest() {
    var revision =
        "."
            + admin
                .get("/projects/" + PROJECT + "/environments/production")
                .get("revision")
                .asLong();
    waitUntil(() -> cursor().endsWith(revision));
    return cursor();
  }

  private static String cursor() {
    var tag = plain.http().get("/sdk/v1/config", "X-API-Key", key).header("ETag");
    return tag.substring(1, tag.length() - 1);
  }

  private static double open(Server server) {
    return server.bean(MeterRegistry.class).get("stitchd.streams").gauge().value();
  }

  private static double count(Server server, String counter) {
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
