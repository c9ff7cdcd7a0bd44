package dev.stitchd.membership;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.boundary.Bodies;
import dev.stitchd.kernel.Problem;
import dev.stitchd.segment.Memberships;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.observation.ServerRequestObservationContext;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/// `POST /sdk/v1/segments/membership`: which of these keys are on which lists. A filter, since a
/// route's machinery costs more than the answer.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 200)
final class MembershipFilter implements WebFilter {

  static final String PATH = "/sdk/v1/segments/membership";
  static final String CACHE_CONTROL = "private, no-cache";
  static final String VARY = "Authorization, X-API-Key, Accept-Encoding";

  private final Access access;
  private final Snapshots snapshots;
  private final Memberships memberships;
  private final int maxBody;

  MembershipFilter(
      Access access, Snapshots snapshots, Memberships memberships, DoorSettings settings) {
    this.access = access;
    this.snapshots = snapshots;
    this.memberships = memberships;
    this.maxBody = Math.toIntExact(settings.maxBody().toBytes());
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    var request = exchange.getRequest();
    if (!request.getPath().value().equals(PATH) || !HttpMethod.POST.equals(request.getMethod())) {
      return chain.filter(exchange);
    }
    ServerRequestObservationContext.findCurrent(exchange.getAttributes())
        .ifPresent(observation -> observation.setPathPattern(PATH));
    return access
        .serverSdk(request)
        .flatMap(this::snapshot)
        .flatMap(snapshot -> answer(exchange, snapshot));
  }

  private Mono<Snapshot> snapshot(SdkCaller caller) {
    return snapshots
        .current(caller.environment())
        .onErrorMap(
            Problem.NotFound.class,
            _ -> new Problem.Unauthenticated("the key's environment is gone"));
  }

  private Mono<Void> answer(ServerWebExchange exchange, Snapshot snapshot) {
    return Bodies.bytes(exchange.getRequest(), maxBody)
        .map(body -> Question.read(body, snapshot.ruleset()))
        .flatMap(question -> Answer.to(question, snapshot, memberships))
        .flatMap(body -> write(exchange, body));
  }

  private static Mono<Void> write(ServerWebExchange exchange, byte[] body) {
    var response = exchange.getResponse();
    response.setStatusCode(HttpStatus.OK);
    var headers = response.getHeaders();
    headers.setContentType(MediaType.APPLICATION_JSON);
    headers.setContentLength(body.length);
    headers.set(HttpHeaders.CACHE_CONTROL, CACHE_CONTROL);
    headers.set(HttpHeaders.VARY, VARY);
    return response.writeWith(Mono.just(response.bufferFactory().wrap(body)));
  }
}
