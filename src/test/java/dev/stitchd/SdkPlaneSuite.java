package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.Http;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What SDKs get from whatever stands in front of the server and whichever HTTP they speak to it:
/// streams, polls, OFREP. Knows the server by HTTP alone.
@Timeout(180)
interface SdkPlaneSuite {

  Duration SOON = Patience.SOON;

  /// The server behind it all, for the management API. Its heartbeat comes well within
  /// [#proxyTimeout].
  Server server();

  /// Where SDKs find it.
  String url();

  /// A new client that speaks what is to be spoken.
  HttpClient client();

  HttpClient.Version version();

  /// When a proxy on the way gives up a connection on which nothing comes.
  default Duration proxyTimeout() {
    return Duration.ZERO;
  }

  /// An environment of its own with two flags: `shown` is client-visible and `hidden` is not.
  record Place(String project, String server, String client) {

    static Place of(Admin admin) {
      var project = "p" + UUID.randomUUID().toString().substring(0, 8);
      admin.createProject(project);
      admin.createEnvironment(project, "production");
      admin.createFlagFrom(
          project,
          "{\"key\":\"shown\",\"name\":\"Shown\",\"type\":\"boolean\",\"variants\":{\"on\":true,\"off\":false},\"clientVisible\":true}");
      admin.createFlag(project, "hidden");
      return new Place(
          project,
          admin.createSdkKey(project, "production", "server"),
          admin.createSdkKey(project, "production", "client"));
    }
  }

  private Place place() {
    return Place.of(admin());
  }

  private Admin admin() {
    return server().admin(client());
  }

  private Http http() {
    return Http.at(url(), client());
  }

  private SseClient stream(String key, String... headers) {
    var all = new java.util.ArrayList<>(java.util.List.of("X-API-Key", key));
    all.addAll(java.util.List.of(headers));
    return SseClient.open(client(), url() + "/sdk/v1/stream", all.toArray(String[]::new));
  }

  private void serve(Place place, String flag, String variant) {
    admin().serve(place.project(), flag, "production", variant);
  }

  private static SseClient.Event await(SseClient stream, String event) {
    return stream.await(e -> e.name().equals(event), SOON);
  }

  @Test
  default void aStreamBeginsWithinASecondAndAChangeComesAtOnce() {
    var place = place();
    long start = System.nanoTime();
    try (var stream = stream(place.server())) {
      var put = await(stream, "put");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Patience.withinSeconds(2));
      assertThat(stream.version()).isEqualTo(version());
      assertThat(stream.headers().firstValue("Content-Type")).hasValue("text/event-stream");
      assertThat(stream.headers().firstValue("Cache-Control")).hasValue("no-store");
      assertThat(put.json().path("flags").propertyNames())
          .containsExactlyInAnyOrder("shown", "hidden");

      serve(place, "hidden", "on");
      long changed = System.nanoTime();
      var patch = await(stream, "patch");
      assertThat(Duration.ofNanos(System.nanoTime() - changed))
          .isLessThan(Patience.withinSeconds(2));
      assertThat(patch.json().path("flags").propertyNames()).containsExactly("hidden");
    }
  }

  @Test
  default void aQuietStreamOutlivesEveryIdleTimeoutAndIsStillHeard() throws InterruptedException {
    var place = place();
    try (var stream = stream(place.server())) {
      await(stream, "put");
      Thread.sleep(proxyTimeout().multipliedBy(2));
      assertThat(stream.ended()).isFalse();
      assertThat(stream.comments()).contains("hb");
      serve(place, "hidden", "on");
      await(stream, "patch");
    }
  }

  @Test
  default void aLargeStateArrivesWhole() {
    var place = place();
    var admin = admin();
    for (int i = 0; i < 20; i++) {
      admin.createFlagFrom(
          place.project(),
          "{\"key\":\"large-%d\",\"name\":\"L\",\"type\":\"string\",\"variants\":{\"a\":\"%s\",\"b\":\"\"}}"
              .formatted(i, "x".repeat(10_000)));
    }
    try (var stream = stream(place.server())) {
      var put = await(stream, "put");
      assertThat(put.data().length()).isGreaterThan(200_000);
      assertThat(put.json())
          .isEqualTo(http().get("/sdk/v1/config", "X-API-Key", place.server()).json());
    }
  }

  @Test
  default void aClientThatComesBackIsTakenOnFromWhereItWas() {
    var place = place();
    String cursor;
    try (var stream = stream(place.server())) {
      cursor = await(stream, "put").id();
    }
    try (var stream = stream(place.server(), "Last-Event-ID", cursor)) {
      assertThat(await(stream, "current").id()).isEqualTo(cursor);
    }
  }

  @Test
  default void theEndOfAKeyEndsItsStreamWithAGoodbye() {
    var place = place();
    var keys = "/projects/" + place.project() + "/environments/production/sdk-keys";
    var admin = admin();
    var second = admin.send("POST", keys, "{\"name\":\"second\",\"kind\":\"server\"}").json();
    try (var stream = stream(second.path("key").asString())) {
      await(stream, "put");
      admin.send("DELETE", keys + "/" + second.path("id").asString(), "", "If-Match", "*");
      assertThat(await(stream, "goodbye").json().path("reason").asString())
          .isEqualTo("key-revoked");
      stream.awaitEnd(SOON);
    }
  }

  @Test
  default void refusalsArriveAsTheyAre() {
    var refused = http().get("/sdk/v1/stream", "X-API-Key", "sdk_srv_wrong");
    assertThat(refused.status()).isEqualTo(401);
    assertThat(refused.header("Content-Type")).isEqualTo("application/problem+json");
  }

  @Test
  default void pollingKnowsWhatTheClientHas() throws Exception {
    var place = place();
    var first = http().get("/sdk/v1/config", "X-API-Key", place.server());
    var tag = first.header("ETag");
    assertThat(first.status()).isEqualTo(200);
    var same = http().get("/sdk/v1/config", "X-API-Key", place.server(), "If-None-Match", tag);
    assertThat(same.status()).isEqualTo(304);

    var path = "/sdk/v1/config?wait=PT20S&since=" + tag.substring(1, tag.length() - 1);
    var poll = CompletableFuture.supplyAsync(() -> http().get(path, "X-API-Key", place.server()));
    Thread.sleep(300);
    assertThat(poll).isNotDone();
    serve(place, "hidden", "on");
    var answer = poll.get(SOON.toSeconds(), TimeUnit.SECONDS);
    assertThat(answer.json().path("flags").propertyNames()).containsExactly("hidden");
  }

  @Test
  default void bodiesComeCompressed() throws IOException, InterruptedException {
    var place = place();
    for (int i = 0; i < 5; i++) {
      admin().createFlag(place.project(), "more-" + i);
    }
    var plain = http().get("/sdk/v1/config", "X-API-Key", place.server()).body();
    var request =
        HttpRequest.newBuilder(URI.create(url() + "/sdk/v1/config"))
            .header("X-API-Key", place.server())
            .header("Accept-Encoding", "gzip")
            .build();
    var answer = client().send(request, HttpResponse.BodyHandlers.ofInputStream());
    assertThat(answer.headers().firstValue("Content-Encoding")).hasValue("gzip");
    assertThat(new GZIPInputStream(answer.body()).readAllBytes())
        .isEqualTo(plain.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  default void ofrepEvaluatesAndItsTagHolds() {
    var place = place();
    var one =
        http()
            .post(
                "/ofrep/v1/evaluate/flags/shown",
                "{\"context\":{\"targetingKey\":\"u1\"}}",
                "X-API-Key",
                place.client());
    assertThat(one.json().path("variant").asString()).isEqualTo("off");
    var all = http().post("/ofrep/v1/evaluate/flags", "{}", "X-API-Key", place.client());
    assertThat(all.json().path("flags").findValuesAsString("key")).containsExactly("shown");
    var again =
        http()
            .post(
                "/ofrep/v1/evaluate/flags",
                "{}",
                "X-API-Key",
                place.client(),
                "If-None-Match",
                all.header("ETag"));
    assertThat(again.status()).isEqualTo(304);
  }

  @Test
  default void ofrepsEventStreamTellsOfVisibleChangesAlone() throws InterruptedException {
    var place = place();
    var all = http().post("/ofrep/v1/evaluate/flags", "{}", "X-API-Key", place.client()).json();
    var address = all.path("eventStreams").get(0).path("endpoint").path("requestUri").asString();
    try (var stream = SseClient.open(client(), url() + address)) {
      // a node that has just begun to watch cannot be sure, and says so first
      await(stream, "message");
      serve(place, "hidden", "on");
      Thread.sleep(400);
      serve(place, "shown", "on");
      var told = await(stream, "message").json();
      assertThat(told.path("type").asString()).isEqualTo("refetchEvaluation");
      assertThat(stream.events()).hasSize(2);
      var tag = java.net.URLEncoder.encode(told.path("etag").asString(), StandardCharsets.UTF_8);
      var fresh =
          http()
              .post(
                  "/ofrep/v1/evaluate/flags?flagConfigEtag=" + tag,
                  "{}",
                  "X-API-Key",
                  place.client());
      assertThat(fresh.json().path("flags").get(0).path("variant").asString()).isEqualTo("on");
    }
  }
}
