package dev.stitchd.boundary;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.Server;
import dev.stitchd.dev.TestCertificate;
import java.net.http.HttpClient;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SecurityHeadersIT {

  private static final String TLS_ALONE = "Strict-Transport-Security";
  private static final String[] AUTHORIZED = {"Authorization", "Bearer " + Server.TOKEN};

  private static Server plain;
  private static Server secure;

  @BeforeAll
  static void start() {
    plain = Server.start(Map.of("STITCHD_TRUSTED_PROXIES", "127.0.0.1"));
    var certificate = TestCertificate.shared();
    secure =
        Server.start(
            Map.of(
                "STITCHD_TLS_CERTIFICATE",
                certificate.certificate().toString(),
                "STITCHD_TLS_PRIVATE_KEY",
                certificate.privateKey().toString()));
  }

  @AfterAll
  static void stop() {
    plain.stop();
    secure.stop();
  }

  private static Http tls(HttpClient.Version version) {
    return Http.at(
        secure.url(),
        HttpClient.newBuilder()
            .version(version)
            .sslContext(TestCertificate.shared().trusting())
            .build());
  }

  /// Each with what it is about: the status that it has.
  private static Map<Integer, Http.Answer> answers(Http http) {
    var answers = new LinkedHashMap<Integer, Http.Answer>();
    answers.put(200, http.get("/api/v1/projects", AUTHORIZED));
    answers.put(201, http.post("/api/v1/projects", project(), AUTHORIZED));
    answers.put(400, http.post("/api/v1/projects", "{", AUTHORIZED));
    answers.put(401, http.get("/api/v1/projects"));
    answers.put(404, http.get("/api/v1/projects/missing", AUTHORIZED));
    answers.put(405, http.send("DELETE", "/health/live", ""));
    answers.put(415, http.post("/api/v1/projects", "x", bearerAnd("Content-Type", "text/plain")));
    answers.put(422, http.post("/api/v1/projects", "{\"key\":\"!\",\"name\":\"x\"}", AUTHORIZED));
    return answers;
  }

  private static String[] bearerAnd(String name, String value) {
    return new String[] {AUTHORIZED[0], AUTHORIZED[1], name, value};
  }

  private static String project() {
    return "{\"key\":\"p%d\",\"name\":\"P\"}".formatted(System.nanoTime());
  }

  private static void assertGuarded(Http.Answer answer) {
    var told = answer.status() + " " + answer.body();
    assertThat(answer.headers().allValues("X-Content-Type-Options"))
        .as(told)
        .containsExactly("nosniff");
    assertThat(answer.headers().allValues("Referrer-Policy"))
        .as(told)
        .containsExactly("no-referrer");
    assertThat(answer.headers().allValues("X-Frame-Options")).as(told).containsExactly("DENY");
    assertThat(answer.headers().allValues("Content-Security-Policy"))
        .as(told)
        .containsExactly("default-src 'none'; frame-ancestors 'none'");
    assertThat(answer.headers().allValues("Cache-Control")).as(told).containsExactly("no-store");
  }

  @Test
  void everyAnswerHasThemAndARefusalToo() {
    answers(plain.http())
        .forEach((status, answer) -> {
          assertThat(answer.status()).as(answer.body()).isEqualTo(status);
          assertGuarded(answer);
          assertThat(answer.header(TLS_ALONE)).isEmpty();
        });
    assertGuarded(plain.http().send("HEAD", "/api/v1/projects", "", AUTHORIZED));
    assertGuarded(plain.http().get("/openapi.json"));
    assertGuarded(plain.http().get("/health/ready"));
    assertGuarded(plain.http().get("/metrics"));
    assertGuarded(plain.http().get("/nowhere"));
  }

  @Test
  void overTlsBrowsersAreToldToStayThere() {
    for (var version : HttpClient.Version.values()) {
      if (version.name().equals("HTTP_3")) {
        continue;
      }
      answers(tls(version))
          .forEach((status, answer) -> {
            assertThat(answer.status()).as(answer.body()).isEqualTo(status);
            assertGuarded(answer);
            assertThat(answer.header(TLS_ALONE)).isEqualTo("max-age=31536000");
          });
    }
  }

  @Test
  void aProxyThatIsTrustedMaySayThatItSpeaksTlsAndNobodyElse() {
    var forwarded = bearerAnd("X-Forwarded-Proto", "https");
    assertThat(plain.http().get("/api/v1/projects", forwarded).header(TLS_ALONE)).isNotEmpty();
    assertThat(
            plain
                .http()
                .get("/api/v1/projects", bearerAnd("X-Forwarded-Proto", "http"))
                .header(TLS_ALONE))
        .isEmpty();
    try (var trustsNobody = Server.on(plain.postgres(), plain.clickHouse(), Map.of())) {
      assertThat(trustsNobody.http().get("/api/v1/projects", forwarded).header(TLS_ALONE))
          .isEmpty();
    }
  }
}
