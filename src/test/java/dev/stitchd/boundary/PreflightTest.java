package dev.stitchd.boundary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.HttpHeaders;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class PreflightTest {

  private static final String ORIGIN = "https://shop.example";

  private static MockServerWebExchange preflight(String path) {
    var exchange =
        MockServerWebExchange.from(
            MockServerHttpRequest.options(path)
                .header("Origin", ORIGIN)
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "authorization,if-none-match"));
    new Preflight()
        .filter(exchange, _ -> Mono.error(new IllegalStateException("went on")))
        .onErrorComplete(IllegalStateException.class)
        .as(StepVerifier::create)
        .verifyComplete();
    return exchange;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags/checkout", "/sdk/v1/events"})
  void browsersMayAskForTheRoutesTheyUse(String path) {
    var response = preflight(path).getResponse();
    assertThat(response.getStatusCode().value()).isEqualTo(204);
    var headers = response.getHeaders();
    assertThat(headers.getAccessControlAllowOrigin()).isEqualTo("*");
    assertThat(headers.getFirst("Access-Control-Allow-Methods")).isEqualTo("POST, GET, OPTIONS");
    assertThat(headers.getAccessControlAllowHeaders())
        .contains(
            "content-type", "authorization", "x-api-key", "if-none-match", "content-encoding");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/api/v1/projects", "/sdk/v1/stream", "/sdk/v1/config"})
  void otherRoutesAreNotForBrowsers(String path) {
    assertThat(preflight(path).getResponse().getStatusCode()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        // setting, public key, allowed
        "-, true, true",
        "-, false, false",
        "[], true, false",
        "['*'], true, true",
        "['*'], false, false",
        "['https://shop.example'], true, true",
        "['https://shop.example'], false, true",
        "['https://other.example'], true, false"
      },
      quoteCharacter = '"')
  void originsAreHeldToTheSetting(String setting, boolean publicKey, boolean allowed) {
    var settings = Json.object();
    if (setting != null) {
      settings.set("allowedOrigins", Json.parseOwn(setting.replace('\'', '"')));
    }
    var headers = new HttpHeaders();
    headers.setOrigin(ORIGIN);
    if (allowed) {
      BrowserOrigins.check(headers, settings, publicKey);
    } else {
      assertThatThrownBy(() -> BrowserOrigins.check(headers, settings, publicKey))
          .isInstanceOf(Problem.Forbidden.class);
    }
  }

  @Test
  void requestThatNoBrowserSentIsNotHeldToAnything() {
    var settings = Json.object();
    settings.putArray("allowedOrigins");
    var answer = new HttpHeaders();
    BrowserOrigins.check(new HttpHeaders(), settings, false);
    BrowserOrigins.expose(new HttpHeaders(), answer);
    assertThat(answer.isEmpty()).isTrue();
  }
}
