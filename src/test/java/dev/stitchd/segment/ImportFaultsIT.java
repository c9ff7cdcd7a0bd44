package dev.stitchd.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Admin;
import dev.stitchd.dev.LongRunning;
import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.ServerProcess;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.dev.Stores;
import io.r2dbc.pool.ConnectionPool;
import java.net.URI;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What goes wrong while a list is replaced, on more than one node.
@LongRunning
class ImportFaultsIT {

  private static final Duration SOON = Patience.SOON;
  private static final Map<String, String> QUICK =
      Map.of(
          "STITCHD_LISTS_HEARTBEAT", "PT0.3S",
          "STITCHD_LISTS_SILENCE", "PT1.5S",
          "STITCHD_LISTS_REMOVAL_CHECK", "PT0.2S",
          "STITCHD_LISTS_RETENTION", "PT0S",
          "STITCHD_LISTS_REMOVAL_BATCH", "500",
          "STITCHD_LISTS_REMOVAL_PAUSE", "PT0.001S",
          "STITCHD_LISTS_CHUNK_ROWS", "500");

  /// Two nodes on the same stores.
  private static Server one;

  private static Server other;

  private static Admin admin;

  /// As the SDK plane asks: the row that flips and the members in one statement.
  private static final String ASK =
      "SELECT context_key AS key FROM stitchd_segment_list_members($1, ARRAY['flipping'], $2) WHERE included";

  private static final String RUBBISH =
      "SELECT count(*) FROM segment_generations g WHERE NOT EXISTS (SELECT FROM segment_lists l WHERE l.generation = g.generation)";
  private static final String GRAVES =
      "SELECT count(*) FROM segment_list_members m WHERE NOT EXISTS (SELECT FROM segment_lists l WHERE l.generation = m.generation)";
  private static final String OF_SYNCED =
      "FROM segment_list_members m JOIN segment_lists l USING (generation) WHERE l.segment_key = 'synced'";

  @BeforeAll
  static void start() {
    one = Server.start(QUICK);
    other = Server.on(one.postgres(), one.clickHouse(), QUICK);
    admin = one.admin();
    prepare(admin);
  }

  @AfterAll
  static void stop() {
    other.stop();
    one.stop();
  }

  @Test
  void aNodeKilledDuringAnImportLeavesTheOldListAndNoRubbishAndTellsSoWhenItIsBack()
      throws Exception {
    var members = withList(one, "killed");
    var key = admin.createSdkKey("web", "production", "server");
    try (var dying = ServerProcess.on(one.postgres(), one.clickHouse(), QUICK)) {
      var single = withList(one, "single");
      try (var upload = Upload.begin(URI.create(dying.url()).getPort(), members, "text/csv")) {
        upload.send(MembersIT.keys("new", 2100));
        await().atMost(SOON).until(() -> newest(admin, members).path("rows").asLong() >= 2000);
        var added = dying.admin().send("POST", single, "{\"keys\":[\"late\"]}").json();

        dying.kill();

        assertThat(members(one, key, "killed", "old", "new-1")).containsExactly("old");
        await()
            .atMost(Patience.withinSeconds(3))
            .until(() ->
                config(other, key).at("/segments/single/list/version").asLong()
                    >= added.path("version").asLong());
      }
      dying.start();

      await().atMost(SOON).until(() -> state(dying.admin(), members).equals("failed"));
      assertThat(newest(dying.admin(), members).path("failure").asString()).contains("has gone");
      awaitNoRubbish(one);
      assertThat(members(one, key, "killed", "old", "new-1")).containsExactly("old");
      try (var next = Upload.begin(URI.create(dying.url()).getPort(), members, "text/csv")) {
        next.send("next\n");
        assertThat(next.end().status()).isEqualTo(200);
      }
      assertThat(members(other, key, "killed", "old", "next")).containsExactly("next");
    }
  }

  @Test
  void postgresKilledDuringAnUploadLeavesTheOldListAndNoRubbish() throws Exception {
    try (var postgres = OwnPostgres.started();
        var server =
            Server.on(
                postgres.freshDatabase().url(), Stores.shared().freshClickHouse().url(), QUICK)) {
      prepare(server.admin());
      var members = withList(server, "vip");
      try (var upload = Upload.begin(server, members, "text/csv")) {
        upload.send(MembersIT.keys("new", 2100));
        await()
            .atMost(SOON)
            .until(() -> newest(server.admin(), members).path("rows").asLong() >= 2000);
        postgres.kill();
        upload.send(MembersIT.keys("more", 1000));
        assertThat(upload.end().status()).isEqualTo(503);
      }
      postgres.start();
      await()
          .atMost(SOON)
          .ignoreExceptions()
          .untilAsserted(() -> assertThat(state(server.admin(), members)).isEqualTo("failed"));
      awaitNoRubbish(server);
      assertThat(server.admin().get(members + "/old").path("included").asBoolean()).isTrue();
      await()
          .atMost(SOON)
          .ignoreExceptions()
          .until(() -> Upload.csv(server, members, "next\n").status() == 200);
    }
  }

  @Test
  void ofTwoUploadsAtOnceOnTwoNodesOneIsRefused() throws Exception {
    var members = withList(one, "contested");
    try (var first = Upload.begin(one, members, "text/csv");
        var second = Upload.begin(other, members, "text/csv")) {
      first.send("a\n");
      second.send("b\n");
      var answers =
          Flux.just(first, second).flatMap(ImportFaultsIT::ended, 2).collectList().block();
      assertThat(answers).contains(200).isSubsetOf(200, 409);
    }
    try (var first = Upload.begin(one, members, "text/csv")) {
      first.send("a\n");
      await().atMost(SOON).until(() -> state(other.admin(), members).equals("running"));
      assertThat(Upload.csv(other, members, "b\n").status()).isEqualTo(409);
      assertThat(first.end().status()).isEqualTo(200);
    }
    assertThat(admin.get(members + "/a").path("included").asBoolean()).isTrue();
  }

  @Test
  void anImportThatWaitsForAnEditorIsAnsweredAsRunningAndGoesOn() throws Exception {
    var impatient = new HashMap<>(QUICK);
    impatient.put("STITCHD_LISTS_ANSWER_AFTER", "PT0.3S");
    var members = withList(one, "waiting");
    try (var server = Server.on(one.postgres(), one.clickHouse(), impatient)) {
      var url = URI.create(server.postgres());
      var editor = "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath();
      try (var connection = DriverManager.getConnection(editor, "postgres", "postgres");
          var statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        var _ = statement.execute("SELECT * FROM environments FOR NO KEY UPDATE");
        var answer = Upload.csv(server, members, "next\n");
        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.json().path("state").asString()).isEqualTo("running");
        assertThat(admin.get(members + "/old").path("included").asBoolean()).isTrue();
      }
      await().atMost(SOON).until(() -> state(admin, members).equals("done"));
      assertThat(admin.get(members + "/next").path("included").asBoolean()).isTrue();
    }
  }

  @Test
  void changesAreAnnouncedOnceASecondByTwoNodesTogether() throws Exception {
    var members = withList(one, "changing");
    var key = admin.createSdkKey("web", "production", "server");
    long before = config(other, key).path("revision").asLong();
    var begun = System.nanoTime();
    for (int i = 0; i < 100 || System.nanoTime() - begun < 2_500_000_000L; i++) {
      var changed =
          (i % 2 == 0 ? one : other).admin().send("POST", members, "{\"keys\":[\"a-" + i + "\"]}");
      assertThat(changed.json().path("version").asLong()).isEqualTo(i + 2);
    }
    long revisions = config(other, key).path("revision").asLong() - before;
    assertThat(revisions)
        .isBetween(1L, 1 + Duration.ofNanos(System.nanoTime() - begun).toSeconds());
  }

  /// The flips of imports and single changes of both nodes exclude each other: a change that was
  /// answered is in the list, unless the whole list was replaced afterwards.
  @Test
  void singleChangesOnTwoNodesAreAllThereAndCountedOnceAndNoneIsLostToAnImport() throws Exception {
    var members = withList(one, "synced");
    var changed =
        Flux.range(0, 600)
            .flatMap(i -> added(i % 2 == 0 ? one : other, members, "k-" + i % 300), 40)
            .collectList()
            .block();
    assertThat(changed).hasSize(600);
    assertThat(changed.stream().mapToLong(Long::longValue).sum()).isEqualTo(300);
    var list = admin.get("/projects/web/environments/production/segments/synced").path("list");
    assertThat(list.path("included").asLong()).isEqualTo(301);
    assertThat(list.path("version").asLong()).isBetween(2L, 301L);
    try (var upload = Upload.begin(one, members, "text/csv")) {
      upload.send("fresh\n");
      await().atMost(SOON).until(() -> state(other.admin(), members).equals("running"));
      assertThat(added(other, members, "refused").block()).isEqualTo(-409);
      assertThat(upload.end().status()).isEqualTo(200);
    }
    assertThat(added(other, members, "after").block()).isEqualTo(1);
    assertThat(ask(one, "SELECT string_agg(context_key, ',' ORDER BY context_key) " + OF_SYNCED))
        .isEqualTo("after,fresh");
  }

  @Test
  void whileListsFlipNoReaderOnAnyNodeSeesHalfAListOrNone() throws Exception {
    var members = withList(one, "flipping");
    assertThat(Upload.csv(one, members, version(0)).status()).isEqualTo(200);
    var environment = UUID.fromString(ask(one, "SELECT id FROM environments"));
    var wrong = new ConcurrentLinkedQueue<List<String>>();
    var asked = new AtomicLong();
    var stop = new AtomicBoolean();
    var readers =
        Flux.just(one, one, other, other)
            .flatMap(node -> reading(node, environment, stop, asked, wrong), 4)
            .then()
            .toFuture();
    for (int i = 1; i <= 12; i++) {
      assertThat(Upload.csv(i % 2 == 0 ? one : other, members, version(i)).status()).isEqualTo(200);
    }
    stop.set(true);
    readers.join();
    assertThat(wrong).as("answers that are no list").isEmpty();
    assertThat(asked.get()).isGreaterThan(100);
  }

  /// Keys that every version has, spread over all chunks, and as many that say which version it is.
  private static String version(int n) {
    var text = new StringBuilder();
    for (int i = 0; i < 3000; i++) {
      text.append("user-").append(i).append('\n');
      if (i % 300 == 0) {
        text.append("version-").append(n).append('-').append(i / 300).append('\n');
      }
    }
    return text.toString();
  }

  private static String[] everyMark() {
    var keys = new ArrayList<String>();
    for (int i = 0; i < 3000; i += 100) {
      keys.add("user-" + i);
    }
    for (int n = 0; n <= 12; n++) {
      for (int i = 0; i < 10; i++) {
        keys.add("version-" + n + "-" + i);
      }
    }
    return keys.toArray(String[]::new);
  }

  private static Mono<Void> reading(
      Server node,
      UUID environment,
      AtomicBoolean stop,
      AtomicLong asked,
      ConcurrentLinkedQueue<List<String>> wrong) {
    var reader = node.context().getBeansOfType(ConnectionPool.class).get("reader");
    var keys = everyMark();
    return Mono.usingWhen(
            reader.create(),
            connection ->
                Flux.from(
                        connection
                            .createStatement(ASK)
                            .bind(0, environment)
                            .bind(1, keys)
                            .execute())
                    .concatMap(result -> result.map((row, _) -> row.get("key", String.class)))
                    .collectList(),
            connection -> connection.close())
        .doOnNext(found -> {
          asked.incrementAndGet();
          long users = found.stream().filter(key -> key.startsWith("user-")).count();
          long versions =
              found.stream()
                  .filter(key -> key.startsWith("version-"))
                  .map(key -> key.split("-")[1])
                  .distinct()
                  .count();
          if (users != 30 || versions != 1 || found.size() != 40) {
            wrong.add(found);
          }
        })
        .repeat(() -> !stop.get())
        .then();
  }

  private static Mono<Integer> ended(Upload upload) {
    return Mono.fromCallable(() -> upload.end().status()).subscribeOn(Schedulers.boundedElastic());
  }

  /// How many keys an add changed; less than nothing: the status of its refusal.
  private static Mono<Long> added(Server node, String members, String key) {
    return Mono.fromCallable(
            () -> node.admin().send("POST", members, "{\"keys\":[\"" + key + "\"]}"))
        .map(answer ->
            answer.status() == 200 ? answer.json().path("changed").asLong() : -answer.status())
        .subscribeOn(Schedulers.boundedElastic());
  }

  private static void prepare(Admin admin) {
    admin.createProject("web");
    admin.createEnvironment("web", "production");
  }

  /// A segment with a list of one member; answers the path of its members.
  private static String withList(Server server, String segment) throws Exception {
    server
        .admin()
        .createSegment(
            "web", "production", "{\"key\":\"" + segment + "\",\"name\":\"" + segment + "\"}");
    var members = "/projects/web/environments/production/segments/" + segment + "/members";
    assertThat(Upload.csv(server, members, "old\n").status()).isEqualTo(200);
    return members;
  }

  private static JsonNode config(Server server, String key) {
    return server.http().send("GET", "/sdk/v1/config", "", "Authorization", "Bearer " + key).json();
  }

  /// Which of these keys SDKs are told to be members.
  private static List<String> members(
      Server server, String sdkKey, String segment, String... keys) {
    var body = JsonMapper.builder().build().createObjectNode();
    body.putArray("segments").add(segment);
    var asked = body.putArray("keys");
    List.of(keys).forEach(asked::add);
    var answer =
        server
            .http()
            .post("/sdk/v1/segments/membership", body.toString(), "X-API-Key", sdkKey)
            .json()
            .path("memberships");
    return List.of(keys).stream()
        .filter(key -> answer.path(key).toString().contains(segment))
        .toList();
  }

  /// Neither of a failed import nor of a replaced list is anything left.
  private static void awaitNoRubbish(Server server) {
    await().atMost(SOON).ignoreExceptions().until(() -> ask(server, RUBBISH).equals("0"));
    assertThat(ask(server, GRAVES)).isEqualTo("0");
  }

  private static JsonNode newest(Admin node, String members) {
    return node.get(members + "/imports").path("items").path(0);
  }

  private static String state(Admin node, String members) {
    return newest(node, members).path("state").asString();
  }

  private static String ask(Server server, String sql) {
    return StoreUrl.of(server.postgres()).query(sql).getFirst();
  }
}
