package dev.stitchd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stitchd.catalog.segment.SegmentPath;
import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.flagd.evaluation.v2.EventStreamRequest;
import dev.stitchd.flagd.sync.v1.FlagSyncServiceGrpc;
import dev.stitchd.flagd.sync.v1.SyncFlagsRequest;
import dev.stitchd.ingest.Sdk;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.segment.MemberPage;
import dev.stitchd.segment.Members;
import dev.stitchd.segment.Upload;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.test.StepVerifier;

/// What lasts ends when its environment is deleted, on each node, and who gets the environment's
/// key next has nothing of it.
@Timeout(120)
class DeletedEnvironmentIT {

  private static final Duration SOON = Patience.SOON;

  private static final Clock CLOCK = Clock.systemUTC();

  private static final int CHUNK = 3;

  /// No row is removed: being out of sight is enough.
  private static final Map<String, String> SETTINGS =
      Map.of(
          "STITCHD_DELETIONS_CHECK", "PT1H",
          "STITCHD_INGEST_CHUNK_EVENTS", "" + CHUNK,
          "STITCHD_LISTS_HEARTBEAT", "PT1S",
          "STITCHD_LISTS_EXPORT_PAGE", "1");

  private static Server one;
  private static Server other;
  private static Admin admin;
  private static ManagedChannel channel;

  private String project;
  private String environment;
  private String key;

  @BeforeAll
  static void start() {
    one = Server.start(SETTINGS);
    other = Server.on(one.postgres(), one.clickHouse(), SETTINGS);
    admin = one.admin();
    channel = NettyChannelBuilder.forAddress("127.0.0.1", other.grpcPort()).usePlaintext().build();
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    other.close();
    one.close();
  }

  @BeforeEach
  void anEnvironmentOfItsOwn() {
    project = "p-" + UUID.randomUUID();
    environment = "/projects/" + project + "/environments/production";
    admin.createProject(project);
    admin.createEnvironment(project, "production");
    admin.createFlag(project, "checkout");
    key = admin.createSdkKey(project, "production", "server");
  }

  @Test
  void viewsOfArrivingEventsEnd() {
    try (var here = live(one);
        var there = live(other)) {
      delete(environment);
      for (var view : new SseClient[] {here, there}) {
        var goodbye = view.await(event -> event.name().equals("goodbye"), SOON);
        assertThat(goodbye.data()).isEqualTo("{\"reason\":\"environment-deleted\"}");
        view.awaitEnd(SOON);
      }
    }
  }

  @Test
  void viewsOfArrivingEventsEndWithTheWholeProject() {
    try (var there = live(other)) {
      delete("/projects/" + project);
      there.await(event -> event.name().equals("goodbye"), SOON);
    }
  }

  @Test
  void anExportBreaksOff() throws Exception {
    var _ =
        StoreUrl.of(one.clickHouse())
            .query(
                """
                INSERT INTO evaluation_events (environment_id, flag, variant, context_key, at, id, received_at)
                SELECT '%s', 'checkout', 'on', repeat('k', 200), now64(3) - 3600, generateUUIDv4(), now64(3) - 3600 FROM numbers(100000)
                """
                    .formatted(id()));
    try (var export = export(other);
        var whole = export(one)) {
      assertThat(whole.readAllBytes().length).isGreaterThan(20_000_000);
      assertThat(export.read()).isPositive();
      delete(environment);
      assertThatThrownBy(export::readAllBytes).isInstanceOf(IOException.class);
    }
  }

  @Test
  void longPollsEnd() throws Exception {
    var etag = other.http().get("/sdk/v1/config", "X-API-Key", key).header("ETag");
    var poll =
        CompletableFuture.supplyAsync(() ->
            other
                .http()
                .get(
                    "/sdk/v1/config?wait=PT60S&since=" + etag.replace("\"", ""), "X-API-Key", key));
    delete(environment);
    assertThat(poll.get(SOON.toSeconds(), TimeUnit.SECONDS).status()).isIn(401, 404);
  }

  @Test
  void streamsOfFlagdsProvidersEnd() {
    var events =
        dev.stitchd.flagd.evaluation.v2.ServiceGrpc.newBlockingStub(withKey())
            .eventStream(EventStreamRequest.getDefaultInstance());
    var sets =
        FlagSyncServiceGrpc.newBlockingStub(withKey())
            .syncFlags(SyncFlagsRequest.getDefaultInstance());
    assertThat(events.hasNext()).isTrue();
    assertThat(sets.hasNext()).isTrue();
    delete(environment);
    assertEnds(events);
    assertEnds(sets);
  }

  @Test
  void anUploadOfEventsEnds() throws Exception {
    assertUploadEnds(() -> delete(environment));
  }

  @Test
  void anUploadOfEventsEndsWithItsKeyAlone() throws Exception {
    var keys = environment + "/sdk-keys";
    var id = admin.get(keys).path("items").path(0).path("id").asString();
    assertUploadEnds(() ->
        assertThat(admin.send("DELETE", keys + "/" + id + "?force=true", "").status())
            .isEqualTo(204));
  }

  /// Without anything more of it, and with nothing of what came after the first chunk.
  private void assertUploadEnds(Runnable end) throws Exception {
    var stored = "SELECT count() FROM evaluation_events WHERE environment_id = '" + id() + "'";
    try (var upload = Upload.ofEvents(other, key)) {
      upload.send(lines(CHUNK));
      await().atMost(SOON).until(() -> clickHouse(stored).equals("" + CHUNK));
      upload.send(lines(1));
      end.run();
      var answer = upload.answer();
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.json().path("accepted").asInt()).isEqualTo(CHUNK);
      assertThat(clickHouse(stored)).isEqualTo("" + CHUNK);
    }
  }

  private static String lines(int count) {
    return Stream.generate(
            () -> Sdk.evaluation(UUID.randomUUID(), CLOCK.instant(), "checkout", "on") + "\n")
        .limit(count)
        .collect(Collectors.joining());
  }

  private static String clickHouse(String question) {
    return StoreUrl.of(one.clickHouse()).query(question).getFirst();
  }

  @Test
  void anUploadOfAListEnds() throws Exception {
    var members = list();
    try (var upload = Upload.begin(other, members, "text/csv")) {
      upload.send("u1\n");
      await()
          .atMost(SOON)
          .until(() -> admin.get(members + "/imports").path("items").path(0).has("state"));
      delete(environment);
      assertThat(upload.answer().status()).as("without anything more").isEqualTo(409);
    }
  }

  @Test
  void anExportOfAListEnds() {
    var members = list();
    admin.create(members, "{\"keys\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"]}");
    var tenant = StoreUrl.of(one.postgres()).query("SELECT id FROM tenants WHERE key = 'default'");
    other
        .bean(Members.class)
        .export(
            new TenantId(UUID.fromString(tenant.getFirst())),
            new SegmentPath(project, "production", "vip"),
            new MemberPage(null, null, 1))
        .as(export -> StepVerifier.create(export, 1))
        .expectNextCount(1)
        .then(() -> delete(environment))
        .thenRequest(10)
        .thenConsumeWhile(_ -> true) // what was read already
        .expectError(Problem.Conflict.class)
        .verify(SOON);
  }

  /// A new list; where its members are.
  private String list() {
    admin.createSegment(project, "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    return environment + "/segments/vip/members";
  }

  /// Each question answers for the successor what it answers for an environment that never had a
  /// predecessor.
  @Test
  void whoGetsTheKeyNextHasNothingOfIt() {
    admin.createEnvironment(project, "fresh");
    admin.create(environment + "/event-definitions", "{\"key\":\"bought\",\"name\":\"Bought\"}");
    var _ =
        StoreUrl.of(one.postgres())
            .query("UPDATE feature_flags SET created_at = now() - interval '60 days'");
    var at = CLOCK.instant().minus(Duration.ofHours(2));
    var events =
        List.of(
            Sdk.evaluation(UUID.randomUUID(), at, "checkout", "on"),
            "{\"type\":\"evaluation\",\"id\":\"%s\",\"at\":\"%s\",\"flag\":\"checkout\",\"variant\":\"off\",\"context\":{\"targetingKey\":\"u-1\",\"plan\":\"free\"}}"
                .formatted(UUID.randomUUID(), CLOCK.instant()),
            Sdk.track(UUID.randomUUID(), at, "bought", "\"value\":1"),
            "{\"type\":\"count\",\"id\":\"%s\",\"at\":\"%s\",\"flag\":\"checkout\",\"variant\":\"on\",\"count\":7}"
                .formatted(UUID.randomUUID(), at),
            "{\"type\":\"evaluation\",\"id\":\"7\"}");
    assertThat(new Sdk(one.url(), key).send(Sdk.array(events).getBytes(UTF_8)).status())
        .isEqualTo(202);
    for (var question : questions()) {
      await()
          .atMost(SOON)
          .untilAsserted(() ->
              assertThat(answer("production", question))
                  .as(question)
                  .isNotEqualTo(answer("fresh", question)));
    }

    delete(environment);
    admin.createEnvironment(project, "production");

    for (var question : questions()) {
      assertThat(answer("production", question)).as(question).isEqualTo(answer("fresh", question));
    }
    try (var view = live(other)) {
      var successor = admin.createSdkKey(project, "production", "server");
      var own = UUID.randomUUID();
      var sent = "[" + Sdk.evaluation(own, CLOCK.instant(), "checkout", "on") + "]";
      assertThat(new Sdk(one.url(), successor).send(sent.getBytes(UTF_8)).status()).isEqualTo(202);
      var seen = view.await(event -> event.name().equals("accepted"), SOON);
      assertThat(seen.json().path("id").asString()).isEqualTo(own.toString());
      assertThat(view.events()).hasSize(1);
    }
  }

  private static List<String> questions() {
    var span = "from=%s&to=%s".formatted(day(-2), day(1));
    return List.of(
        "/stats/evaluations?" + span,
        "/stats/exposures?flag=checkout&" + span,
        "/stats/stale-flags?days=30",
        "/stats/contexts",
        "/stats/attributes?contextType=user",
        "/stats/contexts/user/u-1/evaluations?" + span,
        "/events/account",
        "/event-definitions",
        "/events/export?type=evaluation&" + span,
        "/events/export?type=track&" + span,
        "/events/export?type=count&" + span,
        "/sdk-keys");
  }

  private static String day(int days) {
    return CLOCK.instant().plus(Duration.ofDays(days)).truncatedTo(ChronoUnit.DAYS).toString();
  }

  private String answer(String name, String question) {
    var answer = admin.send("GET", "/projects/" + project + "/environments/" + name + question, "");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.body().replaceAll("\"(since|at)\":\"[^\"]*\"", ""); // told by the clock
  }

  private void delete(String path) {
    var deleted = admin.send("DELETE", path, "", "If-Match", "*");
    assertThat(deleted.status()).as(deleted.body()).isEqualTo(202);
  }

  /// Has begun to look for the end of its environment.
  private SseClient live(Server server) {
    var view =
        SseClient.open(
            server.url() + "/api/v1" + environment + "/events/live",
            "Authorization",
            "Bearer " + Server.TOKEN);
    assertThat(view.status()).isEqualTo(200);
    return view;
  }

  private InputStream export(Server server) throws Exception {
    var request =
        HttpRequest.newBuilder(
                URI.create(server.url() + "/api/v1" + environment + "/events/export"))
            .header("Authorization", "Bearer " + Server.TOKEN)
            .build();
    var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofInputStream());
    assertThat(answer.statusCode()).isEqualTo(200);
    return answer.body();
  }

  private io.grpc.Channel withKey() {
    var head = new Metadata();
    head.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + key);
    return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(head));
  }

  private static void assertEnds(Iterator<?> messages) {
    var end =
        CompletableFuture.supplyAsync(() -> {
          try {
            messages.forEachRemaining(_ -> {});
            return Status.OK;
          } catch (StatusRuntimeException e) {
            return e.getStatus();
          }
        });
    await().atMost(SOON).until(end::isDone);
    assertThat(end.join().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
  }

  private String id() {
    return StoreUrl.of(one.postgres())
        .query(
            "SELECT e.id FROM environments e JOIN projects p ON p.id = e.project_id WHERE p.key = '%s' AND e.deleted_at IS NULL"
                .formatted(project))
        .getFirst();
  }
}
