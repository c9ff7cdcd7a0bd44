package dev.stitchd.ofrep;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.access.StreamTokens;
import dev.stitchd.boundary.BrowserOrigins;
import dev.stitchd.kernel.Problem;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import dev.stitchd.stream.Cursor;
import dev.stitchd.stream.SideStreams;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.observation.ServerRequestObservationContext;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/// `GET /ofrep/v1/stream?token=…`: tells a client when to evaluate all flags again. A filter, since
/// a route's machinery would stay in memory for as long as the connection does.
///
/// Lets no failure out once the answer has begun: the framework would log it with the URL, and the
/// token is in that.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 200)
final class OfrepStreamFilter implements WebFilter {

  static final String PATH = "/ofrep/v1/stream";

  private final StreamTokens tokens;
  private final Snapshots snapshots;
  private final Notices notices;
  private final SideStreams streams;

  OfrepStreamFilter(
      StreamTokens tokens, Snapshots snapshots, Notices notices, SideStreams streams) {
    this.tokens = tokens;
    this.snapshots = snapshots;
    this.notices = notices;
    this.streams = streams;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    var request = exchange.getRequest();
    if (!HttpMethod.GET.equals(request.getMethod()) || !request.getPath().value().equals(PATH)) {
      return chain.filter(exchange);
    }
    ServerRequestObservationContext.findCurrent(exchange.getAttributes())
        .ifPresent(observation -> observation.setPathPattern(PATH));
    return caller(request)
        .flatMap(caller -> allowed(caller, request))
        .flatMap(caller -> stream(caller, exchange))
        .onErrorResume(failure -> refused(exchange, failure));
  }

  private Mono<SdkCaller> caller(ServerHttpRequest request) {
    var token = request.getQueryParams().getFirst("token");
    return token == null || token.isEmpty()
        ? Mono.error(() ->
            new Problem.Unauthenticated("the stream's address, token included, is in bulk answers"))
        : tokens.holder(token);
  }

  private Mono<SdkCaller> allowed(SdkCaller caller, ServerHttpRequest request) {
    return snapshots
        .current(caller.environment())
        .map(snapshot -> checked(caller, request, snapshot));
  }

  private static SdkCaller checked(SdkCaller caller, ServerHttpRequest request, Snapshot snapshot) {
    BrowserOrigins.check(
        request.getHeaders(), snapshot.settings(), caller.kind() == SdkCaller.Kind.CLIENT);
    return caller;
  }

  private Mono<Void> stream(SdkCaller caller, ServerWebExchange exchange) {
    var request = exchange.getRequest().getHeaders();
    BrowserOrigins.expose(request, exchange.getResponse().getHeaders());
    var resume = Cursor.parse(request.getFirst("Last-Event-ID"));
    return streams.serve(caller, exchange, notices.to(caller, resume));
  }

  private static Mono<Void> refused(ServerWebExchange exchange, Throwable failure) {
    return exchange.getResponse().isCommitted()
        ? Mono.empty()
        : Answers.refused(exchange, failure, null);
  }
}
