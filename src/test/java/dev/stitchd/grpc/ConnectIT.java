package dev.stitchd.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.flagd.evaluation.v1.EventStreamResponse;
import dev.stitchd.flagd.evaluation.v1.ResolveBooleanRequest;
import dev.stitchd.flagd.evaluation.v1.ResolveBooleanResponse;
import dev.stitchd.grpc.ConnectClient.Answer;
import dev.stitchd.kernel.Json;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The methods of gRPC's services, called over Connect on the same port.
@Timeout(120)
class ConnectIT {

  private static final String RESOLVE = "/flagd.evaluation.v1.Service/ResolveBoolean";
  private static final String EVENTS = "/flagd.evaluation.v1.Service/EventStream";
  private static final String PROTO = "Content-Type: application/proto";
  private static final String JSON = "Content-Type: application/json";
  private static final String STREAM = "Content-Type: application/connect+proto";
  private static final byte[] ASKED = asked("checkout");
  private static final Path CONNECTIONS = Path.of("/proc/net/tcp");
  private static final Path CONNECTIONS_6 = Path.of("/proc/net/tcp6");
  private static final byte[] NOTHING = {0, 0, 0, 0, 0};

  private static Server server;
  private static Admin admin;
  private static String serverKey;
  private static String key;
  private static String clientKey;

  @BeforeAll
  static void start() {
    server =
        Server.start(
            Map.of(
                "STITCHD_GRPC_HANDSHAKE", "PT2S",
                "STITCHD_GRPC_IDLE", "PT3S",
                "STITCHD_GRPC_MAX_MESSAGE", "8KB",
                "STITCHD_FLAGD_EVALUATION_KEEP_ALIVE", "PT0.5S"));
    admin = server.admin();
    admin.createProject("web");
    admin.createEnvironment("web", "production");
    admin.createFlag("web", "checkout");
    admin.serve("web", "checkout", "production", "on");
    serverKey = admin.createSdkKey("web", "production", "server");
    key = "Authorization: Bearer " + serverKey;
    clientKey = "X-API-Key: " + admin.createSdkKey("web", "production", "client");
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  private static ConnectClient client() throws IOException {
    return ConnectClient.to(server.grpcPort());
  }

  private static byte[] asked(String flag) {
    return ResolveBooleanRequest.newBuilder().setFlagKey(flag).build().toByteArray();
  }

  private static ResolveBooleanResponse resolved(Answer answer) throws IOException {
    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    return ResolveBooleanResponse.parseFrom(answer.body());
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] gzipped(byte[] bytes) throws IOException {
    var to = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(to)) {
      gzip.write(bytes);
    }
    return to.toByteArray();
  }

  private static byte[] envelope(int flags, byte[] message) {
    return ByteBuffer.allocate(5 + message.length)
        .put((byte) flags)
        .putInt(message.length)
        .put(message)
        .array();
  }

  private static void nothingIsLeftOpen() {
    await().atMost(Patience.SOON).until(() -> server.bean(CallLimits.class).keys() == 0);
  }

  @Test
  void callsFollowOneAnotherOnOneConnection() throws Exception {
    try (var client = client()) {
      for (int i = 0; i < 5; i++) {
        var answer = client.ask(RESOLVE, ASKED, key, PROTO, "Connect-Protocol-Version: 1");
        assertThat(answer.headers()).containsEntry("content-type", "application/proto");
        assertThat(resolved(answer).getValue()).isTrue();
        assertThat(resolved(answer).getReason()).isEqualTo("STATIC");
      }
    }
    nothingIsLeftOpen();
  }

  /// More than a connection reads in one go, of those that reach a method and those that do not.
  @Test
  void callsThatAreSentAheadAreAnsweredInTurn() throws Exception {
    try (var client = client()) {
      var paths = new String[] {RESOLVE, RESOLVE, "/nothing"};
      var flags = new String[] {"checkout", "none", "checkout"};
      var statuses = new int[] {200, 404, 404};
      var sender =
          Thread.startVirtualThread(() -> {
            try {
              for (int i = 0; i < 3_000; i++) {
                client.send(paths[i % 3], asked(flags[i % 3]), key, PROTO);
              }
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      for (int i = 0; i < 3_000; i++) {
        assertThat(client.answer().status()).as("answer %s", i).isEqualTo(statuses[i % 3]);
      }
      sender.join();
    }
    nothingIsLeftOpen();
  }

  @Test
  void headersBeyondTheirSizeAreRefused() throws Exception {
    try (var client = client()) {
      var answer = client.ask(RESOLVE, ASKED, key, PROTO, "X-Long: " + "x".repeat(20_000));
      assertThat(answer.status()).isEqualTo(400);
      assertThat(client.isClosedSoon()).isTrue();
    }
  }

  @Test
  void messagesMayBeJson() throws Exception {
    try (var client = client()) {
      var answer =
          client.ask(
              RESOLVE,
              utf8("{\"flagKey\":\"checkout\",\"context\":{\"a\":[1]},\"unknown\":1}"),
              key,
              JSON);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.headers()).containsEntry("content-type", "application/json");
      assertThat(answer.json().path("value").asBoolean()).isTrue();
      assertThat(answer.json().path("variant").asString()).isEqualTo("on");
      var broken = client.ask(RESOLVE, utf8("{\"flagKey\":"), key, JSON);
      assertThat(broken.code()).isEqualTo("invalid_argument");
      var all =
          client.ask(
              "/flagd.evaluation.v1.Service/ResolveAll",
              utf8("{}"),
              key,
              "Content-Type: application/json; charset=utf-8");
      assertThat(all.json().at("/flags/checkout/boolValue").asBoolean()).isTrue();
      client.send(EVENTS, envelope(0, utf8("{}")), key, "Content-Type: application/connect+json");
      assertThat(client.answer().status()).isEqualTo(200);
      assertThat(client.envelope().json().path("type").asString()).isEqualTo("provider_ready");
    }
  }

  @Test
  void keysAreFoundWhereGrpcFindsThemAndWhereAHostCanNameThem() throws Exception {
    var user = Base64.getEncoder().encodeToString(utf8(serverKey + ":"));
    var password = Base64.getEncoder().encodeToString(utf8("apiKey:" + serverKey));
    for (var carried :
        new String[] {
          key,
          "x-api-key: " + serverKey,
          "flagd-selector: apiKey=" + serverKey,
          "Host: " + serverKey + ".flags.example:8013",
          "Authorization: Basic " + user,
          "authorization: basic " + password
        }) {
      try (var client = client()) {
        assertThat(client.ask(RESOLVE, ASKED, carried, PROTO).status()).as(carried).isEqualTo(200);
      }
    }
  }

  @Test
  void failuresAreConnects() throws Exception {
    try (var client = client()) {
      assertThat(client.ask(RESOLVE, asked("none"), key, PROTO).code()).isEqualTo("not_found");
      var hidden = client.ask(RESOLVE, ASKED, clientKey, PROTO);
      assertThat(hidden.status()).isEqualTo(404);
      var type = client.ask("/flagd.evaluation.v2.Service/ResolveString", ASKED, key, PROTO);
      assertThat(type.status()).isEqualTo(400);
      assertThat(type.code()).isEqualTo("invalid_argument");
      assertThat(type.json().path("message").asString()).contains("boolean");
      for (var wrong :
          new String[] {"X-Nothing: 1", "Authorization: Basic !", "x-api-key: sdk_x"}) {
        var answer = client.ask(RESOLVE, ASKED, wrong, PROTO);
        assertThat(answer.status()).as(wrong).isEqualTo(401);
        assertThat(answer.code()).isEqualTo("unauthenticated");
      }
      var sync =
          client.ask("/flagd.sync.v1.FlagSyncService/FetchAllFlags", new byte[0], clientKey, PROTO);
      assertThat(sync.status()).isEqualTo(403);
      assertThat(sync.code()).isEqualTo("permission_denied");
    }
    nothingIsLeftOpen();
  }

  @Test
  void aCallThatIsTooLateIsToldSoAndForgotten() throws Exception {
    try (var client = client()) {
      var late = client.ask(RESOLVE, ASKED, key, PROTO, "Connect-Timeout-Ms: 0");
      assertThat(late.status()).isEqualTo(504);
      assertThat(late.code()).isEqualTo("deadline_exceeded");
      client.send(EVENTS, NOTHING, key, STREAM, "Connect-Timeout-Ms: 1200");
      assertThat(client.answer().status()).isEqualTo(200);
      assertThat(((EventStreamResponse) event(client)).getType()).isEqualTo("provider_ready");
      var end = client.envelope();
      while (!end.isEnd()) {
        end = client.envelope();
      }
      assertThat(end.json().at("/error/code").asString()).isEqualTo("deadline_exceeded");
      assertThatThrownBy(client::envelope).isInstanceOf(EOFException.class);
      assertThat(resolved(client.ask(RESOLVE, ASKED, key, PROTO)).getValue()).isTrue();
    }
    nothingIsLeftOpen();
  }

  @Test
  void whatIsNoCallIsToldSo() throws Exception {
    try (var client = client()) {
      var unknown = client.ask("/flagd.evaluation.v1.Service/Nothing", ASKED, key, PROTO);
      assertThat(unknown.status()).isEqualTo(404);
      assertThat(unknown.code()).isEqualTo("unimplemented");
      var media = client.ask(RESOLVE, ASKED, key, "Content-Type: application/connect+proto");
      assertThat(media.status()).isEqualTo(415);
      assertThat(media.headers())
          .containsEntry("accept-post", "application/proto, application/json");
      assertThat(client.ask(EVENTS, NOTHING, key, PROTO).status()).isEqualTo(415);
      assertThat(client.ask(RESOLVE, ASKED, key).status()).isEqualTo(415);
      var version = client.ask(RESOLVE, ASKED, key, PROTO, "Connect-Protocol-Version: 2");
      assertThat(version.code()).isEqualTo("invalid_argument");
      for (var time : new String[] {"x", "-1", "12345678901", ""}) {
        assertThat(client.ask(RESOLVE, ASKED, key, PROTO, "Connect-Timeout-Ms: " + time).code())
            .as(time)
            .isEqualTo("invalid_argument");
      }
      var encoding = client.ask(RESOLVE, ASKED, key, PROTO, "Content-Encoding: br");
      assertThat(encoding.status()).isEqualTo(501);
      client.raw("GET " + RESOLVE + " HTTP/1.1\r\nHost: a\r\n\r\n");
      var get = client.answer();
      assertThat(get.status()).isEqualTo(405);
      assertThat(get.headers()).containsEntry("allow", "POST");
      assertThat(client.isClosedSoon()).isTrue();
    }
  }

  @Test
  void aMessageThatCannotBeReadIsRefusedAfterItsCaller() throws Exception {
    var broken = new byte[] {0x0A, 0x7F, 0x01};
    try (var client = client()) {
      assertThat(client.ask(RESOLVE, broken, PROTO).code()).isEqualTo("unauthenticated");
      assertThat(client.ask(RESOLVE, broken, key, PROTO).code()).isEqualTo("invalid_argument");
      var gzip = client.ask(RESOLVE, gzipped(ASKED), key, PROTO, "Content-Encoding: gzip");
      assertThat(resolved(gzip).getValue()).isTrue();
      var noGzip = client.ask(RESOLVE, ASKED, key, PROTO, "Content-Encoding: gzip");
      assertThat(noGzip.code()).isEqualTo("invalid_argument");
      var bomb = gzipped(new byte[100_000]);
      var large = client.ask(RESOLVE, bomb, key, PROTO, "Content-Encoding: gzip");
      assertThat(large.status()).isEqualTo(429);
      assertThat(large.code()).isEqualTo("resource_exhausted");
      for (var stream :
          new byte[][] {{}, {0, 0}, {0, 0, 0, 0, 9}, {1, 0, 0, 0, 0}, {4, 0, 0, 0, 0}}) {
        client.send(EVENTS, stream, key, STREAM);
        assertThat(client.answer().status()).isEqualTo(200);
        var end = client.envelope();
        assertThat(end.isEnd()).isTrue();
        assertThat(end.json().at("/error/code").asString()).isEqualTo("invalid_argument");
        assertThatThrownBy(client::envelope).isInstanceOf(EOFException.class);
      }
      assertThat(resolved(client.ask(RESOLVE, ASKED, key, PROTO)).getValue()).isTrue();
    }
  }

  @Test
  void aBodyThatIsTooLargeIsRefusedBeforeItHasArrived() throws Exception {
    try (var client = client()) {
      client.raw(
          "POST %s HTTP/1.1\r\nHost: a\r\n%s\r\n%s\r\nContent-Length: 1000000000\r\n\r\n"
              .formatted(RESOLVE, key, PROTO));
      client.raw(new byte[20_000]);
      var answer = client.answer();
      assertThat(answer.code()).isEqualTo("resource_exhausted");
      assertThat(answer.headers()).containsEntry("connection", "close");
      assertThat(client.isClosedSoon()).isTrue();
    }
  }

  @Test
  void whoIsSlowOrIdleIsClosed() throws Exception {
    try (var silent = client();
        var head = client();
        var body = client();
        var idle = client()) {
      head.raw("POST " + RESOLVE + " HTTP/1.1\r\nHo");
      body.raw(
          "POST %s HTTP/1.1\r\nHost: a\r\n%s\r\n%s\r\nContent-Length: 100\r\n\r\nabc"
              .formatted(RESOLVE, key, PROTO));
      assertThat(idle.ask(RESOLVE, ASKED, key, PROTO).status()).isEqualTo(200);
      assertThat(silent.isClosedSoon()).isTrue();
      assertThat(head.isClosedSoon()).isTrue();
      assertThat(body.isClosedSoon()).isTrue();
      assertThat(idle.isClosedSoon()).isTrue();
    }
  }

  @Test
  void anotherProtocolIsClosedOrRefused() throws Exception {
    try (var client = client()) {
      client.raw("\u0016\u0003\u0001\u0002 nothing of HTTP\r\n\r\n");
      assertThat(client.answer().status()).isEqualTo(400);
      assertThat(client.isClosedSoon()).isTrue();
    }
  }

  /// As clients' own libraries would never send it: an answer to what was understood otherwise than
  /// it was written is worse than none.
  @Test
  void whatIsNotJsonAsItIsWrittenIsRefused() throws Exception {
    var asked = "{\"flagKey\":\"checkout\"}";
    try (var client = client()) {
      for (var wrong :
          new String[] {
            "",
            "null",
            "[]",
            asked + "x",
            asked + asked,
            "{'flagKey':'checkout'}",
            "{flagKey:\"checkout\"}",
            "//\n" + asked,
            "{\"flagKey\":\"none\",\"flagKey\":\"checkout\"}",
            "{\"flagKey\":\"checkout\",\"context\":{\"a\":NaN}}",
            "{\"flagKey\":\"checkout\\ud800\"}"
          }) {
        assertThat(client.ask(RESOLVE, utf8(wrong), key, JSON).code())
            .as(wrong)
            .isEqualTo("invalid_argument");
      }
      var latin =
          "{\"flagKey\":\"checkout\",\"context\":{\"a\":\"\u00e9\"}}"
              .getBytes(StandardCharsets.ISO_8859_1);
      assertThat(client.ask(RESOLVE, latin, key, JSON).code()).isEqualTo("invalid_argument");
      assertThat(client.ask(RESOLVE, utf8(asked), key, JSON).status()).isEqualTo(200);
    }
  }

  /// It is unknown to conditions, as over OFREP, and not text with a question mark.
  @Test
  void halfOfASurrogatePairInAContextIsNoText() throws Exception {
    admin.createFlag("web", "half");
    admin.changeTargeting(
        "web",
        "half",
        "production",
        targeting -> {
          targeting.put("enabled", true);
          targeting.putObject("default").put("variant", "off");
          targeting.set(
              "rules",
              Json.parseOwn(
                  "[{\"id\":\"half\",\"when\":{\"attribute\":\"a\",\"op\":\"equals\",\"values\":[\"x?\"]},\"serve\":{\"variant\":\"on\"}}]"));
        });
    try (var client = client()) {
      for (var value : new String[] {"x?", "x\\ud800"}) {
        var body = "{\"flagKey\":\"half\",\"context\":{\"a\":\"" + value + "\"}}";
        var answer = client.ask(RESOLVE, utf8(body), key, JSON);
        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        assertThat(answer.json().path("value").asBoolean()).as(value).isEqualTo(value.equals("x?"));
      }
    }
  }

  @Test
  void whatIsEmptyIsNotDecompressed() throws Exception {
    try (var client = client()) {
      var all =
          client.ask(
              "/flagd.evaluation.v1.Service/ResolveAll",
              new byte[0],
              key,
              PROTO,
              "Content-Encoding: gzip");
      assertThat(all.status()).isEqualTo(200);
      client.send(
          EVENTS, new byte[] {1, 0, 0, 0, 0}, key, STREAM, "Connect-Content-Encoding: gzip");
      assertThat(client.answer().status()).isEqualTo(200);
      assertThat(((EventStreamResponse) event(client)).getType()).isEqualTo("provider_ready");
    }
  }

  @Test
  void whoSpeaksHttp10GetsNoChunksAndTheEndOfTheConnection() throws Exception {
    try (var unary = client();
        var stream = client()) {
      unary.raw(
          "POST %s HTTP/1.0\r\nConnection: keep-alive\r\n%s\r\n%s\r\nContent-Length: %d\r\n\r\n"
              .formatted(RESOLVE, key, PROTO, ASKED.length));
      unary.raw(ASKED);
      assertThat(resolved(unary.answer()).getValue()).isTrue();
      assertThat(unary.isClosedSoon()).isTrue();
      stream.raw(
          "POST %s HTTP/1.0\r\nConnect-Timeout-Ms: 300\r\n%s\r\n%s\r\nContent-Length: 5\r\n\r\n"
              .formatted(EVENTS, key, STREAM));
      stream.raw(NOTHING);
      assertThat(stream.answer().headers()).doesNotContainKey("transfer-encoding");
      var sent = stream.rest();
      int length = ByteBuffer.wrap(sent, 1, 4).getInt();
      var first = Arrays.copyOfRange(sent, 5, 5 + length);
      assertThat(read(first).getType()).isEqualTo("provider_ready");
      assertThat(new String(sent, StandardCharsets.UTF_8)).endsWith("}}");
    }
  }

  @Test
  void whatSaysThatItIsTooLargeIsNotWaitedForAndNothingIsAnsweredAfterIt() throws Exception {
    try (var client = client()) {
      client.raw(
          "POST %s HTTP/1.1\r\nHost: a\r\n%s\r\n%s\r\nExpect: 100-continue\r\nContent-Length: 9000\r\n\r\n"
              .formatted(RESOLVE, key, PROTO));
      assertThat(client.answer().status()).isEqualTo(429);
      client.raw(new byte[9000]);
      client.send(RESOLVE, ASKED, key, PROTO);
      assertThat(client.rest()).isEmpty();
    }
  }

  @Test
  void aTargetMayBeAWholeUrl() throws Exception {
    try (var client = client()) {
      var url = "http://flags.example" + RESOLVE;
      assertThat(resolved(client.ask(url, ASKED, key, PROTO)).getValue()).isTrue();
      assertThat(client.ask("http://flags.example", ASKED, key, PROTO).status()).isEqualTo(404);
    }
  }

  private static Message event(ConnectClient client) throws IOException {
    while (true) {
      var envelope = client.envelope();
      assertThat(envelope.isEnd()).as(new String(envelope.message())).isFalse();
      var event = read(envelope.message());
      if (!event.getType().equals("keep_alive")) {
        return event;
      }
    }
  }

  private static EventStreamResponse read(byte[] message) throws InvalidProtocolBufferException {
    return EventStreamResponse.parseFrom(message);
  }

  @Test
  void eventsArriveAsTheyHappen() throws Exception {
    admin.createFlag("web", "live");
    admin.serve("web", "live", "production", "off");
    try (var client = client()) {
      client.send(EVENTS, NOTHING, key, STREAM, "Connect-Accept-Encoding: gzip");
      var head = client.answer();
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.headers()).containsEntry("content-type", "application/connect+proto");
      assertThat(((EventStreamResponse) event(client)).getType()).isEqualTo("provider_ready");
      admin.serve("web", "live", "production", "on");
      var change = (EventStreamResponse) event(client);
      assertThat(change.getType()).isEqualTo("configuration_change");
      assertThat(change.getData().getFieldsOrThrow("flags").getStructValue().containsFields("live"))
          .isTrue();
      // longer than what a request may take, and than a connection may be idle
      for (int i = 0; i < 10; i++) {
        assertThat(read(client.envelope().message()).getType()).isEqualTo("keep_alive");
      }
    }
  }

  @Test
  void streamsEndWithConnectsWordForIt() throws Exception {
    try (var client = client()) {
      client.send(EVENTS, NOTHING, STREAM);
      assertThat(client.answer().status()).isEqualTo(200);
      var end = client.envelope();
      assertThat(end.isEnd()).isTrue();
      assertThat(end.json().at("/error/code").asString()).isEqualTo("unauthenticated");
    }
    var stopping =
        Server.on(server.postgres(), server.clickHouse(), Map.of("STITCHD_DRAIN", "PT0.3S"));
    try (var client = ConnectClient.to(stopping.grpcPort());
        var idle = ConnectClient.to(stopping.grpcPort())) {
      assertThat(idle.ask(RESOLVE, ASKED, key, PROTO).status()).isEqualTo(200);
      client.send(EVENTS, NOTHING, key, STREAM);
      assertThat(client.answer().status()).isEqualTo(200);
      assertThat(((EventStreamResponse) event(client)).getType()).isEqualTo("provider_ready");
      stopping.close();
      var end = client.envelope();
      while (!end.isEnd()) {
        end = client.envelope();
      }
      assertThat(end.json().at("/error/code").asString()).isEqualTo("unavailable");
      assertThat(end.json().at("/metadata/retry-after/0").asString()).isEqualTo("1");
      assertThat(client.isClosedSoon()).isTrue();
      assertThat(idle.isClosedSoon()).isTrue();
    } finally {
      stopping.close();
    }
  }

  @Test
  void streamsOfWhoHasGoneAreForgotten() throws Exception {
    int before = connections();
    for (int i = 0; i < 20; i++) {
      try (var client = client()) {
        client.send(EVENTS, NOTHING, key, STREAM);
        assertThat(client.answer().status()).isEqualTo(200);
        assertThat(((EventStreamResponse) event(client)).getType()).isEqualTo("provider_ready");
      }
    }
    await().atMost(Patience.SOON).until(() -> connections() <= before);
    await().atMost(Patience.SOON).until(() -> streams() == 0);
  }

  private static List<String> connectionsOfTheKernel() throws IOException {
    var all = new ArrayList<>(Files.readAllLines(CONNECTIONS));
    if (Files.exists(CONNECTIONS_6)) {
      all.addAll(Files.readAllLines(CONNECTIONS_6));
    }
    return all;
  }

  /// A stream of sets is silent until something changes: nothing else would find that its client is
  /// gone without a word. The kernel tells which timer a connection has, and when it ends.
  @Test
  void theKernelAsksSilentClientsWhetherTheyLive() throws Exception {
    assumeTrue(Files.exists(CONNECTIONS), "only Linux can");
    try (var client = client()) {
      client.send("/flagd.sync.v1.FlagSyncService/SyncFlags", NOTHING, key, STREAM);
      assertThat(client.answer().status()).isEqualTo(200);
      assertThat(client.envelope().isEnd()).isFalse();
      var ends = ":%04X ".formatted(server.grpcPort());
      var peer = ":%04X ".formatted(client.localPort());
      await()
          .atMost(Patience.SOON)
          .untilAsserted(() ->
              assertThat(connectionsOfTheKernel())
                  .filteredOn(line -> line.contains(ends) && line.contains(peer))
                  .filteredOn(line -> line.indexOf(ends) < line.indexOf(peer))
                  .singleElement()
                  .satisfies(line -> {
                    var timer = line.strip().split(" +")[5].split(":");
                    assertThat(timer[0]).as(line).isEqualTo("02"); // keep-alive
                    assertThat(Long.parseLong(timer[1], 16) / 100).as(line).isBetween(1L, 61L);
                  }));
    }
  }

  private static int connections() {
    return server.bean(GrpcServer.class).connectConnections();
  }

  private static double streams() {
    return server.bean(MeterRegistry.class).find("stitchd.stream.open").gauges().stream()
        .mapToDouble(Gauge::value)
        .sum();
  }

  @Test
  void callsAreMeasuredAsGrpcsAre() throws Exception {
    try (var client = client()) {
      assertThat(client.ask(RESOLVE, ASKED, key, PROTO).status()).isEqualTo(200);
    }
    await()
        .atMost(Patience.SOON)
        .until(() ->
            server
                    .bean(MeterRegistry.class)
                    .find("grpc.server.processing.duration")
                    .tag("method", "ResolveBoolean")
                    .tag("statusCode", "OK")
                    .timer()
                    .count()
                > 0);
  }
}
