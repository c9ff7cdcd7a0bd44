package dev.stitchd.dev;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/// Somebody who is signed in, as a page of the dashboard is: with the session's cookie, and with
/// the token that proves that the page sends a request. Blocks; for ordinary threads.
///
/// @param csrf the token
public record Browser(Server node, String cookie, String csrf) {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /// Asks to sign in.
  ///
  /// @param code of the second factor; null for none
  public static Http.Answer login(
      Server node, String email, String password, @Nullable String code) {
    var body = JSON.createObjectNode().put("email", email).put("password", password);
    if (code != null) {
      body.put("code", code);
    }
    return Http.at(node.url()).post("/api/v1/login", body.toString());
  }

  /// Who was let in by an answer, which must be 200.
  public static Browser of(Server node, Http.Answer answer) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return new Browser(
        node, answer.header("Set-Cookie").split(";")[0], answer.json().get("csrf").asString());
  }

  /// The same session at another node.
  public Browser at(Server other) {
    return new Browser(other, cookie, csrf);
  }

  /// A request with the cookie alone, as another site could have it sent.
  ///
  /// @param headers name, value, name, value …
  public Http.Answer send(String method, String path, String body, String... headers) {
    var all = new ArrayList<>(List.of("Cookie", cookie));
    all.addAll(List.of(headers));
    return Http.at(node.url()).send(method, "/api/v1" + path, body, all.toArray(String[]::new));
  }

  /// A request that proves itself.
  public Http.Answer prove(String method, String path, String body) {
    return send(method, path, body, "X-CSRF-Token", csrf);
  }

  /// The same, answered with this status.
  public void prove(String method, String path, String body, int status) {
    var answer = prove(method, path, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
  }
}
