package dev.stitchd.stream.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.OwnPostgres;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.Stores;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// A client that has a newer revision than the node it comes to, which cannot reach PostgreSQL.
class AheadIT {

  private static final Duration SOON = Patience.SOON;

  @Test
  void nobodyIsTakenBackWhileTheStoreIsOutAndWhatDoesNotExistIsReplacedAfterwards() {
    var clickHouse = Stores.shared().freshClickHouse();
    try (var postgres = OwnPostgres.started();
        var server = Server.on(postgres.freshDatabase().url(), clickHouse.url(), Map.of())) {
      var admin = server.admin();
      admin.createProject("web");
      admin.createEnvironment("web", "production");
      admin.createFlag("web", "checkout");
      var key = admin.createSdkKey("web", "production", "server");
      var config = get(server, key, "/sdk/v1/config");
      var cursor = config.header("ETag").replace("\"", "");
      long revision = config.json().path("revision").asLong();
      var ahead = cursor.substring(0, cursor.indexOf('.')) + "." + (revision + 1);
      var etag = "\"" + ahead + "\"";

      postgres.kill();

      var poll = get(server, key, "/sdk/v1/config", "If-None-Match", etag);
      assertThat(poll.status()).as(poll.body()).isEqualTo(304);
      assertThat(poll.header("ETag")).isEqualTo(etag);
      long before = System.nanoTime();
      var longPoll = get(server, key, "/sdk/v1/config?wait=PT3S&since=" + ahead);
      assertThat(longPoll.status()).isEqualTo(304);
      assertThat(longPoll.header("ETag")).isEqualTo(etag);
      assertThat(Duration.ofNanos(System.nanoTime() - before))
          .isGreaterThanOrEqualTo(Duration.ofSeconds(3));
      try (var stream = server.stream(key, "Last-Event-ID", ahead)) {
        var first = stream.await(_ -> true, SOON);
        assertThat(first.name()).isEqualTo("current");
        assertThat(first.id()).isEqualTo(ahead);

        postgres.start();

        stream.awaitEnd(SOON);
        assertThat(stream.events()).hasSize(1);
      }
      try (var stream = server.stream(key, "Last-Event-ID", ahead)) {
        var first = stream.await(_ -> true, SOON);
        assertThat(first.name()).isEqualTo("put");
        assertThat(first.id()).isEqualTo(cursor);
      }
      await()
          .atMost(SOON)
          .untilAsserted(() -> {
            var whole = get(server, key, "/sdk/v1/config", "If-None-Match", etag);
            assertThat(whole.status()).isEqualTo(200);
            assertThat(whole.header("ETag")).isEqualTo("\"" + cursor + "\"");
          });
    }
  }

  private static Http.Answer get(Server server, String key, String path, String... headers) {
    var all = new String[headers.length + 2];
    System.arraycopy(headers, 0, all, 2, headers.length);
    all[0] = "X-API-Key";
    all[1] = key;
    return server.http().get(path, all);
  }
}
