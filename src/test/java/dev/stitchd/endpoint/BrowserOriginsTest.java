package dev.stitchd.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.Json;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.net.http.HttpResponse;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BrowserOriginsTest {

  private static final String ORIGIN = "https://shop.example";

  private final OneEnvironment environment = new OneEnvironment();
  private final EndpointServer server =
      new EndpointServer(
          environment,
          EndpointServer.noTokens(),
          environment,
          Arrays.stream(SdkRoute.values()).map(Silent::new).toArray(Endpoint[]::new));

  @AfterEach
  void close() {
    server.close();
  }

  private HttpResponse<byte[]> preflight(String path) {
    return server.answer(
        "OPTIONS",
        path,
        null,
        "Origin",
        ORIGIN,
        "Access-Control-Request-Method",
        "POST",
        "Access-Control-Request-Headers",
        "authorization,if-none-match");
  }

  private static String header(HttpResponse<byte[]> answer, String name) {
    return answer.headers().firstValue(name).orElse(null);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/ofrep/v1/evaluate/flags",
        "/ofrep/v1/evaluate/flags/checkout",
        "/ofrep/v1/stream",
        "/sdk/v1/events"
      })
  void browsersMayAskForTheRoutesTheyUse(String path) {
    var answer = preflight(path);
    assertThat(answer.statusCode()).isEqualTo(204);
    assertThat(header(answer, "Access-Control-Allow-Origin")).isEqualTo("*");
    assertThat(header(answer, "Access-Control-Allow-Methods")).isEqualTo("POST, GET, OPTIONS");
    assertThat(header(answer, "Access-Control-Allow-Headers"))
        .contains(
            "content-type", "authorization", "x-api-key", "if-none-match", "content-encoding");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/api/v1/projects", "/sdk/v1/stream", "/sdk/v1/config", "/ofrep/v1/nothing"})
  void otherRoutesAreNotForBrowsers(String path) {
    assertThat(preflight(path).statusCode()).isEqualTo(418);
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
    environment.kind = publicKey ? SdkCaller.Kind.CLIENT : SdkCaller.Kind.SERVER;
    if (setting != null) {
      environment.settings.set("allowedOrigins", Json.parseOwn(setting.replace('\'', '"')));
    }

    var answer = server.answer("POST", "/sdk/v1/events", null, "Origin", ORIGIN);

    assertThat(answer.statusCode()).isEqualTo(allowed ? 200 : 403);
    assertThat(header(answer, "Access-Control-Allow-Origin")).isEqualTo(ORIGIN);
    assertThat(header(answer, "Access-Control-Expose-Headers")).isEqualTo("ETag, Retry-After");
    assertThat(header(answer, "Vary")).endsWith(", Origin");
  }

  @Test
  void requestThatNoBrowserSentIsNotHeldToAnything() {
    environment.settings.putArray("allowedOrigins");

    var answer = server.answer("POST", "/sdk/v1/events", null);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(header(answer, "Access-Control-Allow-Origin")).isNull();
  }

  /// Says yes to everybody who is let in.
  private record Silent(SdkRoute route) implements Endpoint {
    @Override
    public Reply serve(SdkRequest request, Client client) {
      return new Reply.Now(HttpAnswer.empty(HttpResponseStatus.OK));
    }
  }
}
