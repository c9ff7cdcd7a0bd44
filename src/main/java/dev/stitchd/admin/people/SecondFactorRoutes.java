package dev.stitchd.admin.people;

import dev.stitchd.access.SecretKeys;
import dev.stitchd.access.SessionCookie;
import dev.stitchd.admin.Answers;
import dev.stitchd.admin.Requests;
import dev.stitchd.boundary.ClientAddress;
import dev.stitchd.people.SecondFactors;
import java.util.Objects;
import java.util.UUID;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;

/// Second factors: one's own, and for administrators those that people lost.
@Component
public final class SecondFactorRoutes {

  private static final String OWN = "/me/second-factor";

  private final SecondFactors factors;
  private final ClientAddress addresses;

  SecondFactorRoutes(SecondFactors factors, ClientAddress addresses) {
    this.factors = factors;
    this.addresses = addresses;
  }

  /// What it serves, below `/api/v1`.
  public RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .POST(OWN, this::begin)
        .PUT(OWN, this::confirm)
        .DELETE(OWN, this::remove)
        .DELETE(
            "/users/{user}/second-factor",
            request ->
                factors
                    .removeOf(Requests.author(request), Requests.id(request, "user"))
                    .then(Answers.gone()))
        .build();
  }

  private Mono<ServerResponse> begin(ServerRequest request) {
    return Requests.json(request)
        .flatMap(
            body -> factors.begin(Requests.author(request), user(request), body, address(request)))
        .flatMap(made -> ServerResponse.status(HttpStatus.CREATED).bodyValue(made));
  }

  private Mono<ServerResponse> confirm(ServerRequest request) {
    var secret = String.valueOf(SessionCookie.of(request.exchange().getRequest()));
    return Requests.json(request)
        .flatMap(body ->
            factors.confirm(
                Requests.author(request),
                user(request),
                body,
                SecretKeys.hash(secret),
                address(request)))
        .then(Answers.gone());
  }

  private Mono<ServerResponse> remove(ServerRequest request) {
    return Requests.json(request)
        .flatMap(
            body -> factors.remove(Requests.author(request), user(request), body, address(request)))
        .then(Answers.gone());
  }

  private static UUID user(ServerRequest request) {
    return Objects.requireNonNull(Requests.caller(request).user(), "a session is somebody's");
  }

  private String address(ServerRequest request) {
    return addresses.of(request.exchange().getRequest());
  }
}
