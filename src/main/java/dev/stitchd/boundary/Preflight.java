package dev.stitchd.boundary;

import java.util.List;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.cors.reactive.CorsUtils;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/// Answers the question that browsers ask before they call a route from another site's page. Only
/// for the routes that browsers use; elsewhere the framework refuses it.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 100)
final class Preflight implements WebFilter {

  private static final String METHODS = "POST, GET, OPTIONS";
  private static final String HEADERS =
      "content-type, authorization, x-api-key, if-none-match, content-encoding, stitchd-instance";

  /// As long as browsers remember at most.
  private static final String MAX_AGE_SECONDS = "7200";

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    if (!isForBrowsers(exchange.getRequest().getPath().value())
        || exchange.getRequest().getMethod() != HttpMethod.OPTIONS
        || !CorsUtils.isPreFlightRequest(exchange.getRequest())) {
      return chain.filter(exchange);
    }
    var response = exchange.getResponse();
    response.setStatusCode(HttpStatus.NO_CONTENT);
    var headers = response.getHeaders();
    headers.set(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    headers.set(HttpHeaders.ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.set(HttpHeaders.ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.set(HttpHeaders.ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
    headers.setVary(List.of(HttpHeaders.ORIGIN, HttpHeaders.ACCESS_CONTROL_REQUEST_HEADERS));
    return response.setComplete();
  }

  private static boolean isForBrowsers(String path) {
    return path.startsWith("/ofrep/") || path.equals("/sdk/v1/events");
  }
}
