package dev.stitchd.admin.people;

import dev.stitchd.access.Access;
import dev.stitchd.access.ManagementCaller;
import dev.stitchd.access.SecretKeys;
import dev.stitchd.access.SessionCookie;
import dev.stitchd.admin.Answers;
import dev.stitchd.admin.Requests;
import dev.stitchd.boundary.ClientAddress;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.people.SignIn;
import dev.stitchd.people.Users;
import dev.stitchd.resource.Author;
import java.util.Objects;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// Signing in and out. These routes are open: they take no credential, or find out themselves
/// whether there is one.
@Component
public final class SignInRoutes {

  private final SignIn signIn;
  private final Users users;
  private final Access access;
  private final SecretKeys secrets;
  private final ClientAddress addresses;

  SignInRoutes(
      SignIn signIn, Users users, Access access, SecretKeys secrets, ClientAddress addresses) {
    this.signIn = signIn;
    this.users = users;
    this.access = access;
    this.secrets = secrets;
    this.addresses = addresses;
  }

  /// What it serves without a credential, below `/api/v1`.
  public RouterFunction<ServerResponse> openRoutes() {
    return RouterFunctions.route()
        .POST("/login", this::login)
        .POST("/logout", this::logout)
        .GET("/session", this::session)
        .build();
  }

  /// What it serves to callers, below `/api/v1`.
  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET("/me", request -> about(Requests.caller(request)).flatMap(Answers::json))
        .PUT("/me/password", this::changePassword)
        .build();
  }

  private Mono<ServerResponse> login(ServerRequest request) {
    var secret = secrets.newSession();
    return Requests.json(request)
        .map(SignIn::read)
        .flatMap(wanted ->
            signIn.open(wanted, address(request), Requests.origin(request), secret.hash()))
        .flatMap(user -> signedIn(user, secret.secret(), isSecure(request)));
  }

  /// What somebody who signed in is answered.
  static Mono<ServerResponse> signedIn(ObjectNode user, String secret, boolean secure) {
    var body = Json.object();
    body.set("user", user);
    return ServerResponse.ok()
        .header(HttpHeaders.SET_COOKIE, SessionCookie.set(secret, secure))
        .bodyValue(body.put("csrf", SessionCookie.csrf(secret)));
  }

  /// Without a session there is nothing to end; with one, the page has to prove itself.
  private Mono<ServerResponse> logout(ServerRequest request) {
    var http = request.exchange().getRequest();
    var secret = SessionCookie.of(http);
    if (secret == null) {
      return Answers.gone();
    }
    checkProved(request);
    return access
        .session(http)
        .flatMap(caller ->
            signIn.close(author(caller, request), SecretKeys.hash(secret)).thenReturn(true))
        .onErrorResume(Problem.Unauthenticated.class, _ -> Mono.just(false))
        .then(
            Mono.defer(() ->
                ServerResponse.noContent()
                    .header(HttpHeaders.SET_COOKIE, SessionCookie.clear(isSecure(request)))
                    .build()));
  }

  /// What comes with a cookie comes from a page of ours.
  static void checkProved(ServerRequest request) {
    var http = request.exchange().getRequest();
    var secret = SessionCookie.of(http);
    if (secret != null && !SessionCookie.isProved(http, SessionCookie.csrf(secret))) {
      throw new Problem.Forbidden(
          "a request with a session's cookie carries the header " + SessionCookie.CSRF_HEADER);
    }
  }

  private Mono<ServerResponse> session(ServerRequest request) {
    var http = request.exchange().getRequest();
    return Mono.justOrEmpty(SessionCookie.of(http))
        .flatMap(_ -> access.session(http))
        .flatMap(this::about)
        .onErrorResume(
            failure ->
                failure instanceof Problem.Unauthenticated || failure instanceof Problem.TooMany,
            _ -> Mono.empty())
        .defaultIfEmpty(Json.object().putNull("user"))
        .flatMap(Answers::json);
  }

  private Mono<ServerResponse> changePassword(ServerRequest request) {
    var caller = Requests.caller(request);
    var user = Objects.requireNonNull(caller.user(), "a session is somebody's");
    var secret = SessionCookie.of(request.exchange().getRequest());
    return Requests.json(request)
        .flatMap(body ->
            users.changePassword(
                Requests.author(request),
                user,
                body,
                SecretKeys.hash(String.valueOf(secret)),
                address(request)))
        .then(Answers.gone());
  }

  private Mono<ObjectNode> about(ManagementCaller caller) {
    return users
        .about(caller.tenant(), caller.user(), caller.grants())
        .map(body -> caller.csrf() == null ? body : body.put("csrf", caller.csrf()));
  }

  private static Author author(ManagementCaller caller, ServerRequest request) {
    return new Author(
        caller.tenant(), caller.actor(), caller.grants(), null, null, Requests.origin(request));
  }

  private String address(ServerRequest request) {
    return addresses.of(request.exchange().getRequest());
  }

  private boolean isSecure(ServerRequest request) {
    return addresses.isOverTls(request.exchange().getRequest());
  }
}
