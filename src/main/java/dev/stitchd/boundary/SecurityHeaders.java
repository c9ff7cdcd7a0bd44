package dev.stitchd.boundary;

import java.util.Map;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/// Tells browsers to make nothing of an answer but what it says it is: every answer of the
/// management plane, refusals too. What a route says itself is left alone, since a page may need
/// more than an API and an asset may be kept.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
public final class SecurityHeaders implements WebFilter {

  private static final Map<String, String> HEADERS =
      Map.of(
          "X-Content-Type-Options",
          "nosniff",
          "Referrer-Policy",
          "no-referrer",
          "X-Frame-Options",
          "DENY",
          "Content-Security-Policy",
          "default-src 'none'; frame-ancestors 'none'",
          HttpHeaders.CACHE_CONTROL,
          "no-store");

  private static final String TLS_ALONE = "Strict-Transport-Security";

  /// A year; not for other names below this one, of which this server knows nothing.
  private static final String FOR_A_YEAR = "max-age=31536000";

  private final ClientAddress addresses;

  SecurityHeaders(ClientAddress addresses) {
    this.addresses = addresses;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    var response = exchange.getResponse();
    response.beforeCommit(
        () -> Mono.fromRunnable(() -> complete(exchange.getRequest(), response.getHeaders())));
    return chain.filter(exchange);
  }

  private void complete(ServerHttpRequest request, HttpHeaders headers) {
    HEADERS.forEach((name, value) -> {
      if (!headers.containsHeader(name)) {
        headers.set(name, value);
      }
    });
    if (addresses.isOverTls(request) && !headers.containsHeader(TLS_ALONE)) {
      headers.set(TLS_ALONE, FOR_A_YEAR);
    }
  }
}
