package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import dev.stitchd.dev.Stores;
import dev.stitchd.kernel.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A node is started while PostgreSQL is out, from what it had kept on disk.
@Timeout(180)
class LastKnownIT {

  private static final Duration SOON = Patience.SOON;

  @TempDir private Path folder;

  private OwnPostgres postgres;
  private String database;
  private String events;

  @BeforeEach
  void ownPostgres() {
    postgres = OwnPostgres.started();
    database = postgres.freshDatabase().url();
    events = Stores.shared().freshClickHouse().url();
  }

  @AfterEach
  void stopPostgres() {
    postgres.close();
  }

  @Test
  void aNodeThatRestartsWithoutPostgresServesWhatItKnewAndCatchesUp() {
    String key;
    String revoked;
    String revokedId;
    String cursor;
    try (var before = node(folder)) {
      var admin = before.admin();
      admin.createProject("web");
      admin.createEnvironment("web", "production");
      admin.createFlag("web", "checkout");
      admin.createFlag("web", "old");
      admin.serve("web", "checkout", "production", "on");
      key = admin.createSdkKey("web", "production", "server");
      var second =
          admin
              .send(
                  "POST",
                  "/projects/web/environments/production/sdk-keys",
                  "{\"name\":\"second\",\"kind\":\"server\"}")
              .json();
      revoked = second.path("key").asString();
      revokedId = second.path("id").asString();
      cursor = unquoted(config(before, key).header("ETag"));
      assertThat(config(before, revoked).status()).isEqualTo(200);
    }
    try (var other = node(folder.resolve("other"))) {
      other.admin().serve("web", "checkout", "production", "off");
      delete(other, "/projects/web/flags/old");
      delete(other, "/projects/web/environments/production/sdk-keys/" + revokedId);
    }
    postgres.kill();

    try (var node = node(folder);
        var resumed = node.stream(key, "Last-Event-ID", cursor);
        var fresh = node.stream(key);
        var ending = node.stream(revoked)) {
      assertThat(degraded(node)).contains("postgresql");
      assertThat(unquoted(config(node, key).header("ETag"))).isEqualTo(cursor);
      assertThat(variant(node, key)).isEqualTo("on");
      assertThat(resumed.await(event("current"), SOON).id()).isEqualTo(cursor);
      assertThat(fresh.await(event("put"), SOON).json().path("flags").has("old")).isTrue();
      ending.await(event("put"), SOON); // revoked while this node was down, which it cannot know
      assertThat(config(node, "sdk_srv_unknown").status()).isEqualTo(503);
      assertThat(node.admin().send("GET", "/projects", "").status()).isEqualTo(503);

      postgres.start();

      var patch = resumed.await(event("patch"), SOON).json();
      assertThat(patch.at("/flags/checkout/default/variant").asString()).isEqualTo("off");
      assertThat(patch.path("flags").get("old").isNull()).isTrue();
      assertThat(fresh.await(event("patch"), SOON).data()).contains("\"off\"");
      assertThat(ending.await(event("goodbye"), SOON).json().path("reason").asString())
          .isEqualTo("key-revoked");
      assertThat(config(node, revoked).status()).isEqualTo(401);
      await().atMost(SOON).until(() -> !degraded(node).contains("postgresql"));
      await()
          .atMost(SOON)
          .until(() -> node.admin().send("GET", "/projects/web", "").status() == 200);
      node.admin().serve("web", "checkout", "production", "on");
      resumed.await(event("patch"), SOON);
      assertThat(variant(node, key)).isEqualTo("on");
    }
  }

  @Test
  void whatAKilledNodeLeavesBehindIsEnoughAndReadableByItsOwnerAlone() throws IOException {
    var image = folder.resolve("image");
    String key;
    String etag;
    try (var node = node(folder.resolve("node"))) {
      node.admin().createProject("web");
      node.admin().createEnvironment("web", "production");
      node.admin().createFlag("web", "checkout");
      key = node.admin().createSdkKey("web", "production", "server");
      etag = config(node, key).header("ETag");
      var files = folder.resolve("node/snapshots");
      await().atMost(SOON).until(() -> names(files).size() == 2);
      for (var name : names(files)) {
        assertThat(
                PosixFilePermissions.toString(Files.getPosixFilePermissions(files.resolve(name))))
            .isEqualTo("rw-------");
        assertThat(
                Files.readString(files.resolve(name), java.nio.charset.StandardCharsets.ISO_8859_1))
            .doesNotContain(key);
      }
      copy(files, image.resolve("snapshots")); // as a kill -9 would leave it
    }
    postgres.kill();

    try (var node = node(image)) {
      assertThat(config(node, key).header("ETag")).isEqualTo(etag);
      assertThat(variant(node, key)).isEqualTo("off");
    }
    try (var node = node(image, "STITCHD_ACCESS_KEPT_LONGEST", "1ms")) {
      var answer = config(node, key);
      assertThat(answer.status()).as("keys confirmed longer ago are not believed").isEqualTo(503);
      assertThat(answer.header("Retry-After")).matches("[1-9][0-9]*");
    }
    damage(image.resolve("snapshots"));
    assertThatThrownBy(() -> node(image))
        .rootCause()
        .isNotNull()
        .satisfies(cause -> assertThat(cause.getMessage()).containsIgnoringCase("connection"));
    assertThatThrownBy(() -> node(folder.resolve("empty")))
        .hasStackTraceContaining(StartFailure.class.getName());
  }

  private Server node(Path data, String... more) {
    var settings = new HashMap<>(Map.of("STITCHD_DATA_DIR", data.toString()));
    settings.put("STITCHD_KEPT_WRITE_EVERY", "PT0.5S");
    settings.put("STITCHD_POSTGRES_START_WAIT", "PT1S");
    settings.put("STITCHD_EVENTS_DRAIN", "PT0.1S"); // events wait for PostgreSQL here
    for (int i = 0; i < more.length; i += 2) {
      settings.put(more[i], more[i + 1]);
    }
    return Server.on(database, events, settings);
  }

  private static java.util.function.Predicate<SseClient.Event> event(String name) {
    return event -> event.name().equals(name);
  }

  private static Http.Answer config(Server server, String key) {
    return server.http().get("/sdk/v1/config", "X-API-Key", key);
  }

  private static String unquoted(String etag) {
    return etag.substring(1, etag.length() - 1);
  }

  private static String variant(Server server, String key) {
    return server
        .http()
        .post(
            "/ofrep/v1/evaluate/flags/checkout",
            "{\"context\":{\"targetingKey\":\"u1\"}}",
            "X-API-Key",
            key)
        .json()
        .path("variant")
        .asString();
  }

  private static Set<String> degraded(Server server) {
    var answer = server.http().get("/health/ready");
    assertThat(answer.status()).isEqualTo(200);
    var stores = new HashSet<String>();
    answer.json().get("degraded").forEach(store -> stores.add(store.stringValue()));
    return stores;
  }

  private static void delete(Server server, String path) {
    assertThat(server.admin().send("DELETE", path, "", "If-Match", "*").status())
        .isBetween(200, 299);
  }

  private static Set<String> names(Path files) throws IOException {
    var names = new HashSet<String>();
    if (Files.exists(files)) {
      try (var all = Files.list(files)) {
        all.map(file -> file.getFileName().toString())
            .filter(name -> !name.endsWith(".unfinished"))
            .forEach(names::add);
      }
    }
    return names;
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    for (var name : names(from)) {
      Files.copy(from.resolve(name), to.resolve(name));
    }
  }

  private static void damage(Path files) throws IOException {
    for (var name : names(files)) {
      var bytes = Files.readAllBytes(files.resolve(name));
      bytes[bytes.length - 1] ^= 1;
      Files.write(files.resolve(name), bytes);
    }
  }
}
