package dev.stitchd.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.Server;
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
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// What goes wrong while a list is replaced, on more than one node.
class ImportFaultsIT {

  private static final Duration SOON = Duration.ofSeconds(20);
  private static final String MEMBERS =
      "/projects/web/environments/production/segments/vip/members";
  private static final Map<String, String> QUICK =
      Map.of(
          "STITCHD_LISTS_HEARTBEAT", "PT0.3S",
          "STITCHD_LISTS_SILENCE", "PT1.5S",
          "STITCHD_LISTS_REMOVAL_CHECK", "PT0.2S",
          "STITCHD_LISTS_RETENTION", "PT0S",
          "STITCHD_LISTS_REMOVAL_BATCH", "500",
          "STITCHD_LISTS_REMOVAL_PAUSE", "PT0.001S",
          "STITCHD_LISTS_CHUNK_ROWS", "500");

  /// As the SDK plane asks: the row that flips and the members in one statement.
  private static final String ASK =
      """
      SELECT m.context_key AS key FROM segment_lists l JOIN segment_list_members m ON m.generation = l.generation
       WHERE l.segment_key = 'vip' AND m.context_key = ANY ($1) AND m.included
      """;

  @Test
  void anImportWhoseNodeDiesIsCalledFailedByAnotherAndItsRubbishGoes() throws Exception {
    try (var dying = Server.start(QUICK);
        var other = Server.on(dying.postgres(), dying.clickHouse(), QUICK)) {
      withList(dying);
      try (var upload = Upload.begin(dying, MEMBERS, "text/csv")) {
        upload.send(MembersIT.keys("new", 2100));
        await().atMost(SOON).until(() -> newest(other).path("rows").asLong() >= 2000);

        // Nothing reaches the database from this node any more, as if it had been killed.
        dying.context().getBeansOfType(ConnectionPool.class).get("management").dispose();

        await().atMost(SOON).until(() -> state(other).equals("failed"));
        assertThat(newest(other).path("failure").asString()).contains("has gone");
        awaitNoRubbish(other);
        assertThat(Upload.csv(other, MEMBERS, "next\n").status()).isEqualTo(200);
      }
    }
  }

  @Test
  void postgresKilledDuringAnUploadLeavesTheOldListAndNoRubbish() throws Exception {
    try (var postgres = OwnPostgres.started();
        var server =
            Server.on(
                postgres.freshDatabase().url(), Stores.shared().freshClickHouse().url(), QUICK)) {
      withList(server);
      try (var upload = Upload.begin(server, MEMBERS, "text/csv")) {
        upload.send(MembersIT.keys("new", 2100));
        await().atMost(SOON).until(() -> newest(server).path("rows").asLong() >= 2000);
        postgres.kill();
        upload.send(MembersIT.keys("more", 1000));
        assertThat(upload.end().status()).isEqualTo(503);
      }
      postgres.start();
      await()
          .atMost(SOON)
          .ignoreExceptions()
          .untilAsserted(() -> assertThat(state(server)).isEqualTo("failed"));
      awaitNoRubbish(server);
      await()
          .atMost(SOON)
          .ignoreExceptions()
          .until(() -> Upload.csv(server, MEMBERS, "next\n").status() == 200);
    }
  }

  @Test
  void ofTwoUploadsAtOnceOnTwoNodesOneIsRefused() throws Exception {
    try (var one = Server.start(QUICK);
        var other = Server.on(one.postgres(), one.clickHouse(), QUICK)) {
      withList(one);
      try (var first = Upload.begin(one, MEMBERS, "text/csv");
          var second = Upload.begin(other, MEMBERS, "text/csv")) {
        first.send("a\n");
        second.send("b\n");
        var answers =
            Flux.just(first, second).flatMap(ImportFaultsIT::ended, 2).collectList().block();
        assertThat(answers).contains(200).isSubsetOf(200, 409);
      }
      try (var first = Upload.begin(one, MEMBERS, "text/csv")) {
        first.send("a\n");
        await().atMost(SOON).until(() -> state(other).equals("running"));
        assertThat(Upload.csv(other, MEMBERS, "b\n").status()).isEqualTo(409);
        assertThat(first.end().status()).isEqualTo(200);
      }
      assertThat(one.admin().get(MEMBERS + "/a").path("included").asBoolean()).isTrue();
    }
  }

  @Test
  void anImportThatWaitsForAnEditorIsAnsweredAsRunningAndGoesOn() throws Exception {
    var impatient = new HashMap<>(QUICK);
    impatient.put("STITCHD_LISTS_ANSWER_AFTER", "PT0.3S");
    try (var server = Server.start(impatient)) {
      withList(server);
      var url = URI.create(server.postgres());
      var editor = "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath();
      try (var connection = DriverManager.getConnection(editor, "postgres", "postgres");
          var statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        var _ = statement.execute("SELECT * FROM environments FOR NO KEY UPDATE");
        var answer = Upload.csv(server, MEMBERS, "next\n");
        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.json().path("state").asString()).isEqualTo("running");
        assertThat(server.admin().get(MEMBERS + "/old").path("included").asBoolean()).isTrue();
      }
      await().atMost(SOON).until(() -> state(server).equals("done"));
      assertThat(server.admin().get(MEMBERS + "/next").path("included").asBoolean()).isTrue();
    }
  }

  @Test
  void changesAreAnnouncedOnceASecondByTwoNodesTogetherAndByTheOneThatIsLeft() throws Exception {
    try (var one = Server.start(QUICK);
        var other = Server.on(one.postgres(), one.clickHouse(), QUICK)) {
      withList(one);
      var key = one.admin().createSdkKey("web", "production", "server");
      long before = config(other, key).path("revision").asLong();
      var begun = System.nanoTime();
      long version = 0;
      for (int i = 0; i < 100 || System.nanoTime() - begun < 2_500_000_000L; i++) {
        version =
            (i % 2 == 0 ? one : other)
                .admin()
                .send("POST", MEMBERS, "{\"keys\":[\"a-" + i + "\"]}")
                .json()
                .path("version")
                .asLong();
      }
      long revisions = config(other, key).path("revision").asLong() - before;
      assertThat(revisions)
          .isBetween(1L, 1 + Duration.ofNanos(System.nanoTime() - begun).toSeconds());

      one.context().getBeansOfType(ConnectionPool.class).get("management").dispose();
      long last = version;
      await()
          .atMost(Duration.ofSeconds(3))
          .until(() -> config(other, key).at("/segments/vip/list/version").asLong() == last);
    }
  }

  @Test
  void whileListsFlipNoReaderOnAnyNodeSeesHalfAListOrNone() throws Exception {
    try (var one = Server.start(QUICK);
        var other = Server.on(one.postgres(), one.clickHouse(), QUICK)) {
      withList(one);
      assertThat(Upload.csv(one, MEMBERS, version(0)).status()).isEqualTo(200);
      var wrong = new ConcurrentLinkedQueue<List<String>>();
      var asked = new AtomicLong();
      var stop = new AtomicBoolean();
      var readers =
          Flux.just(one, one, other, other)
              .flatMap(node -> reading(node, stop, asked, wrong), 4)
              .then()
              .toFuture();
      for (int i = 1; i <= 12; i++) {
        assertThat(Upload.csv(i % 2 == 0 ? one : other, MEMBERS, version(i)).status())
            .isEqualTo(200);
      }
      stop.set(true);
      readers.join();
      assertThat(wrong).as("answers that are no list").isEmpty();
      assertThat(asked.get()).isGreaterThan(100);
    }
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
      AtomicBoolean stop,
      AtomicLong asked,
      ConcurrentLinkedQueue<List<String>> wrong) {
    var reader = node.context().getBeansOfType(ConnectionPool.class).get("reader");
    var keys = everyMark();
    return Mono.usingWhen(
            reader.create(),
            connection ->
                Flux.from(connection.createStatement(ASK).bind(0, keys).execute())
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
    return Mono.fromCallable(() -> upload.end().status())
        .subscribeOn(reactor.core.scheduler.Schedulers.boundedElastic());
  }

  private static void withList(Server server) throws Exception {
    server.admin().createProject("web");
    server.admin().createEnvironment("web", "production");
    server.admin().createSegment("web", "production", "{\"key\":\"vip\",\"name\":\"VIP\"}");
    assertThat(Upload.csv(server, MEMBERS, "old\n").status()).isEqualTo(200);
  }

  private static tools.jackson.databind.JsonNode config(Server server, String key) {
    return server.http().send("GET", "/sdk/v1/config", "", "Authorization", "Bearer " + key).json();
  }

  private static void awaitNoRubbish(Server server) {
    await()
        .atMost(SOON)
        .ignoreExceptions()
        .until(() -> ask(server, "SELECT count(*) FROM segment_generations").equals("1"));
    assertThat(ask(server, "SELECT string_agg(context_key, ',') FROM segment_list_members"))
        .isEqualTo("old");
    assertThat(server.admin().get(MEMBERS + "/old").path("included").asBoolean()).isTrue();
  }

  private static tools.jackson.databind.JsonNode newest(Server server) {
    return server.admin().get(MEMBERS + "/imports").path("items").path(0);
  }

  private static String state(Server server) {
    return newest(server).path("state").asString();
  }

  private static String ask(Server server, String sql) {
    return StoreUrl.of(server.postgres()).query(sql).getFirst();
  }
}
