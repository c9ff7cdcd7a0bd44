package dev.stitchd.admin.people;

import dev.stitchd.access.SecretKeys;
import dev.stitchd.admin.Answers;
import dev.stitchd.admin.Collection;
import dev.stitchd.admin.Requests;
import dev.stitchd.boundary.ClientAddress;
import dev.stitchd.people.Invitations;
import dev.stitchd.people.Users;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/// Invitations, and links that set a new password. Links are made here, shown once, and lead to
/// pages of this server; what follows `#` in them stays in the browser.
@Component
public final class InvitationRoutes {

  private final Invitations invitations;
  private final Users users;
  private final SecretKeys secrets;
  private final ClientAddress addresses;

  InvitationRoutes(
      Invitations invitations, Users users, SecretKeys secrets, ClientAddress addresses) {
    this.invitations = invitations;
    this.users = users;
    this.secrets = secrets;
    this.addresses = addresses;
  }

  /// What it serves without a credential, below `/api/v1`.
  public RouterFunction<ServerResponse> openRoutes() {
    return RouterFunctions.route()
        .POST("/invitations/accept", this::accept)
        .POST("/password/reset", this::reset)
        .build();
  }

  /// What it serves to callers, below `/api/v1`.
  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .GET(
            "/invitations",
            request ->
                Collection.list(
                    request,
                    (r, page) -> invitations.list(Requests.tenant(r), page.after(), page.limit())))
        .POST("/invitations", this::invite)
        .DELETE(
            "/invitations/{invitation}",
            request ->
                invitations
                    .revoke(Requests.author(request), Requests.id(request, "invitation"))
                    .then(Answers.gone()))
        .POST("/users/{user}/password-reset", this::resetLink)
        .build();
  }

  private Mono<ServerResponse> invite(ServerRequest request) {
    Requests.refuseRepetition(request, "an invitation");
    var token = secrets.newLink();
    return Requests.json(request)
        .map(Invitations::read)
        .flatMap(wanted -> invitations.invite(Requests.author(request), wanted, token.hash()))
        .flatMap(written ->
            Answers.created(
                request, written, "link", link(request, addresses, "/join", token.secret())));
  }

  private Mono<ServerResponse> resetLink(ServerRequest request) {
    var user = Requests.id(request, "user");
    var token = secrets.newLink();
    return users
        .get(Requests.tenant(request), user)
        .then(Mono.defer(() -> invitations.resetLink(Requests.author(request), user, token.hash())))
        .flatMap(written ->
            Answers.created(
                request, written, "link", link(request, addresses, "/reset", token.secret())));
  }

  private Mono<ServerResponse> accept(ServerRequest request) {
    var secret = secrets.newSession();
    return Requests.json(request)
        .map(Invitations::readJoining)
        .flatMap(joining ->
            invitations.accept(
                joining,
                SecretKeys.hash(joining.token()),
                address(request),
                Requests.origin(request),
                secret.hash()))
        .flatMap(user ->
            SignInRoutes.signedIn(
                user, secret.secret(), addresses.isOverTls(request.exchange().getRequest())));
  }

  private Mono<ServerResponse> reset(ServerRequest request) {
    SignInRoutes.checkProved(request);
    return Requests.json(request)
        .map(Invitations::readReset)
        .flatMap(wanted ->
            invitations.reset(
                wanted,
                SecretKeys.hash(wanted.token()),
                address(request),
                Requests.origin(request)))
        .then(Answers.gone());
  }

  /// A link to a page of this server, at the address by which it was asked.
  public static String link(
      ServerRequest request, ClientAddress addresses, String page, String token) {
    var http = request.exchange().getRequest();
    var host = http.getHeaders().getFirst(HttpHeaders.HOST);
    var scheme = addresses.isOverTls(http) ? "https" : "http";
    return (host == null ? "" : scheme + "://" + host) + page + "#" + token;
  }

  private String address(ServerRequest request) {
    return addresses.of(request.exchange().getRequest());
  }
}
