package dev.stitchd.runtime;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.boundary.PlainRequests;
import dev.stitchd.boundary.SecurityHeaders;
import dev.stitchd.kernel.StartFailure;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.netty.ChannelBindException;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/// Health and metrics on a port of their own, without a token, for probes and scrapers inside the
/// network; only if `STITCHD_MANAGEMENT_PORT` names one. Stops after everything else, so that a
/// draining node can still be seen.
@Component
final class ManagementPort implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(ManagementPort.class);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final ManagementSettings settings;
  private final RouterFunction<ServerResponse> routes;
  private final SecurityHeaders headers;
  private volatile @Nullable DisposableServer server;

  ManagementPort(
      ManagementSettings settings,
      @Qualifier("healthRoutes") RouterFunction<ServerResponse> health,
      PrometheusMeterRegistry metrics,
      SecurityHeaders headers) {
    this.settings = settings;
    this.headers = headers;
    this.routes =
        health.and(
            RouterFunctions.route()
                .GET(
                    "/metrics",
                    _ ->
                        ServerResponse.ok()
                            .contentType(
                                MediaType.parseMediaType(
                                    "text/plain; version=0.0.4; charset=utf-8"))
                            .bodyValue(metrics.scrape()))
                .build());
  }

  @Override
  public String name() {
    return "management port";
  }

  @Override
  public String withoutIt() {
    return "health and metrics cannot be asked for there";
  }

  @Override
  public StartOrder order() {
    return StartOrder.MANAGEMENT_PORT;
  }

  @Override
  public void prepare() {
    if (settings.port() < 0) {
      return; // whoever wants none
    }
    var handler =
        new ReactorHttpHandlerAdapter(
            RouterFunctions.toHttpHandler(
                routes,
                HandlerStrategies.builder()
                    .webFilter(headers)
                    .webFilter(new PlainRequests())
                    .build()));
    var address = new InetSocketAddress(settings.address(), settings.port());
    var bound = bound(HttpServer.create().bindAddress(() -> address).handle(handler));
    LOG.info("Health and metrics on port {}", bound.port());
    server = bound;
  }

  @Override
  public Mono<Void> close() {
    return Mono.fromRunnable(() -> {
      var bound = server;
      if (bound != null) {
        bound.disposeNow(PATIENCE);
        server = null;
      }
    });
  }

  private DisposableServer bound(HttpServer port) {
    try {
      return port.bindNow(PATIENCE);
    } catch (ChannelBindException e) {
      throw new StartFailure(
          "Port %d on %s is taken or not ours: set STITCHD_MANAGEMENT_PORT to another one, or leave it out."
              .formatted(settings.port(), settings.address()),
          e);
    }
  }

  /// The port it listens on, which is another than the setting if that was 0.
  int port() {
    var bound = server;
    return bound == null ? -1 : bound.port();
  }
}
