package dev.stitchd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.Nginx;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.SseClient;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.netty.http.HttpProtocol;

/// The SDK plane over every cleartext way to it. The heartbeat comes after 0.4 s where it would
/// after 12, and nginx gives up after 1 s of silence where it would after 30: the same proportion,
/// in a thirtieth of the time. `-Dstitchd.silence=30` takes the real times (three minutes more).
@Timeout(180)
class FrontsIT {

  /// Seconds of silence after which nginx and the server give up a connection.
  private static final int SILENCE = Integer.getInteger("stitchd.silence", 1);

  private static final Map<String, String> SETTINGS =
      Map.of(
          "STITCHD_STREAM_HEARTBEAT",
          Duration.ofMillis(400L * SILENCE).toString(),
          "STITCHD_HTTP_IDLE",
          Duration.ofSeconds(SILENCE).toString());

  private static Server server;

  @BeforeAll
  static void start() {
    server = Server.start(SETTINGS);
  }

  @AfterAll
  static void stop() {
    server.stop();
  }

  private static HttpClient client(HttpClient.Version version) {
    return HttpClient.newBuilder().version(version).connectTimeout(SdkPlaneSuite.SOON).build();
  }

  /// What all of these have in common.
  private abstract static class Cleartext implements SdkPlaneSuite {

    @Override
    public Server server() {
      return server;
    }

    @Override
    public String url() {
      return server.url();
    }

    @Override
    public HttpClient client() {
      return FrontsIT.client(version());
    }

    @Override
    public HttpClient.Version version() {
      return HttpClient.Version.HTTP_1_1;
    }

    @Override
    public Duration proxyTimeout() {
      return Duration.ofSeconds(SILENCE); // the server's own for idle connections is as short
    }
  }

  @Nested
  class OverHttp1 extends Cleartext {}

  @Test
  void aClientThatOffersAnUpgradeIsAnsweredInHttp1WhateverItSends() {
    var place = SdkPlaneSuite.Place.of(server.admin());
    var http = Http.at(server.url(), client(HttpClient.Version.HTTP_2));
    var large = "{\"context\":{\"a\":\"%s\"},\"ignored\":\"%s\"}";
    for (var text : new String[] {"", "x".repeat(60_000)}) {
      var answer =
          http.post(
              "/ofrep/v1/evaluate/flags", large.formatted(text, text), "X-API-Key", place.server());
      assertThat(answer.status()).isEqualTo(200);
    }
    try (var stream =
        SseClient.open(
            client(HttpClient.Version.HTTP_2),
            server.url() + "/sdk/v1/stream",
            "X-API-Key",
            place.server())) {
      assertThat(stream.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
      stream.await(event -> event.name().equals("put"), SdkPlaneSuite.SOON);
    }
  }

  /// As `docs/proxies.md` has it, buffering left on.
  @Nested
  class ThroughNginx extends Cleartext {

    private static Nginx nginx;

    @BeforeAll
    static void startNginx() {
      nginx =
          Nginx.before(
              """
              proxy_pass %s;
              proxy_http_version 1.1;
              proxy_set_header Connection "";
              proxy_set_header Host $http_host;
              proxy_read_timeout %ds;
              """
                  .formatted(server.url(), SILENCE));
    }

    @AfterAll
    static void stopNginx() {
      if (nginx != null) {
        nginx.close();
      }
    }

    @Override
    public String url() {
      return nginx.url();
    }
  }

  /// Nothing but `proxy_pass`, which makes nginx speak HTTP/1.0 to the server.
  @Nested
  class ThroughNginxAsItComes extends Cleartext {

    private static Nginx nginx;

    @BeforeAll
    static void startNginx() {
      nginx =
          Nginx.before("proxy_pass %s;\nproxy_read_timeout %ds;".formatted(server.url(), SILENCE));
    }

    @AfterAll
    static void stopNginx() {
      if (nginx != null) {
        nginx.close();
      }
    }

    @Override
    public String url() {
      return nginx.url();
    }
  }

  /// A client that begins with HTTP/2 without asking.
  @Nested
  class OverHttp2ByPriorKnowledge {

    private final SdkPlaneSuite.Place place = SdkPlaneSuite.Place.of(server.admin());
    private final reactor.netty.http.client.HttpClient http =
        reactor.netty.http.client.HttpClient.create()
            .protocol(HttpProtocol.H2C)
            .baseUrl(server.url())
            .headers(headers -> headers.set("X-API-Key", place.server()));

    @Test
    void aStreamBringsChanges() {
      List<String> texts = new ArrayList<>();
      http.get()
          .uri("/sdk/v1/stream")
          .responseConnection((response, connection) -> {
            assertThat(response.version().text()).isEqualTo("HTTP/2.0");
            return connection.inbound().receive().asString();
          })
          .doOnNext(texts::add)
          .doOnNext(text -> {
            if (text.contains("event: put")) {
              serveLater();
            }
          })
          .takeUntil(text -> text.contains("event: patch"))
          .blockLast(Duration.ofSeconds(10));
      assertThat(String.join("", texts)).contains("event: put", "event: patch");
    }

    @Test
    void ofrepsEventStreamTellsOfAChange() {
      var address =
          server
              .http()
              .post("/ofrep/v1/evaluate/flags", "{}", "X-API-Key", place.client())
              .json()
              .path("eventStreams")
              .get(0)
              .path("endpoint")
              .path("requestUri")
              .asString();
      List<String> texts = new ArrayList<>();
      reactor.netty.http.client.HttpClient.create()
          .protocol(HttpProtocol.H2C)
          .get()
          .uri(server.url() + address)
          .responseConnection((response, connection) -> {
            assertThat(response.version().text()).isEqualTo("HTTP/2.0");
            assertThat(response.status().code()).isEqualTo(200);
            return connection.inbound().receive().asString();
          })
          .doOnNext(texts::add)
          .doOnNext(_ -> {
            if (texts.stream().anyMatch(text -> text.contains("event: "))) {
              serveLater();
            }
          })
          .takeUntil(_ -> messages(texts) >= 2) // the first may be about what was before
          .blockLast(Duration.ofSeconds(10));
      assertThat(messages(texts)).isGreaterThanOrEqualTo(2);
    }

    private static int messages(List<String> texts) {
      return String.join("", texts).split("refetchEvaluation", -1).length - 1;
    }

    private void serveLater() {
      Mono.fromRunnable(
              () -> {
                var admin = server.admin();
                admin.serve(place.project(), "shown", "production", "on");
              })
          .subscribeOn(reactor.core.scheduler.Schedulers.boundedElastic())
          .subscribe();
    }

    @Test
    void configAndOfrepAnswer() {
      var config =
          http.get()
              .uri("/sdk/v1/config")
              .responseSingle((response, body) ->
                  body.asString().map(text -> response.version().text() + " " + text))
              .block(Duration.ofSeconds(10));
      assertThat(config).startsWith("HTTP/2.0 {\"revision\":").contains("\"shown\":{");
      var all =
          http.post()
              .uri("/ofrep/v1/evaluate/flags")
              .send(reactor.netty.ByteBufFlux.fromString(Mono.just("{}")))
              .responseContent()
              .aggregate()
              .asString()
              .block(Duration.ofSeconds(10));
      assertThat(all).contains("\"eventStreams\"");
    }
  }
}
