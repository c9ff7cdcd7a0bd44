package dev.stitchd.stream;

import org.springframework.http.server.reactive.observation.ServerRequestObservationContext;
import org.springframework.web.server.ServerWebExchange;

/// What answers of the SDK plane have in common.
final class SdkHeaders {

  static final String VARY = "Authorization, X-API-Key, Accept-Encoding";

  private SdkHeaders() {}

  /// For the metric of requests, which the framework otherwise names after its own routes.
  static void nameRoute(ServerWebExchange exchange, String path) {
    ServerRequestObservationContext.findCurrent(exchange.getAttributes())
        .ifPresent(observation -> observation.setPathPattern(path));
  }
}
