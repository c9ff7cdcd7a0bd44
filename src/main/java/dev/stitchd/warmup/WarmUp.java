package dev.stitchd.warmup;

import dev.stitchd.boundary.Failures;
import dev.stitchd.endpoint.Endpoint;
import dev.stitchd.endpoint.EndpointAccess;
import dev.stitchd.endpoint.SdkPlane;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.stereotype.Component;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.LoopResources;

/// Asks the server's own endpoints until enough was asked or the time is over. Spring calls it when
/// everything has started and says that the process is ready when it returns. What goes wrong here
/// is told and does no harm.
@Component
final class WarmUp implements ApplicationRunner {

  private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final int CONNECTIONS = 1;

  private final WarmUpSettings settings;
  private final List<Endpoint> endpoints;
  private final Failures failures;

  WarmUp(WarmUpSettings settings, List<Endpoint> endpoints, Failures failures) {
    this.settings = settings;
    this.endpoints = endpoints;
    this.failures = failures;
  }

  @Override
  public void run(ApplicationArguments arguments) {
    if (settings.isOn()) {
      long began = System.nanoTime();
      int answered = rehearse();
      LOG.info(
          "Warmed up with {} requests in {} ms",
          answered,
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
    }
  }

  private int rehearse() {
    var bearer = "Bearer " + UUID.randomUUID();
    var environment = new RehearsedEnvironment(bearer);
    var plane =
        new SdkPlane(
            new EndpointAccess(environment, environment, environment),
            endpoints,
            failures,
            new SimpleMeterRegistry());
    var loops = LoopResources.create("warm-up", CONNECTIONS, true);
    try {
      var server =
          HttpServer.create()
              .bindAddress(() -> new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .runOn(loops)
              .route(routes -> {
                var _ = plane.apply(routes);
              })
              .bindNow(PATIENCE);
      return asked(server, bearer);
    } catch (RuntimeException e) {
      LOG.warn("This node is not warmed up, so its first answers take longer: {}", e.toString());
      return 0;
    } finally {
      loops.dispose();
    }
  }

  private int asked(DisposableServer server, String bearer) {
    var left = new AtomicInteger(settings.requests());
    var answered = new AtomicInteger();
    long end = System.nanoTime() + settings.time().toNanos();
    var done = new CountDownLatch(CONNECTIONS);
    for (int i = 0; i < CONNECTIONS; i++) {
      var client = new RehearsingClient(server.address(), bearer, left, answered, end);
      Thread.ofPlatform()
          .name("warm-up-client-", i)
          .daemon()
          .start(() -> {
            client.run();
            done.countDown();
          });
    }
    try {
      if (!done.await(settings.time().plus(PATIENCE).toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("Warming up takes too long and is given up; this node is ready without it");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      server.disposeNow(PATIENCE);
    }
    return answered.get();
  }
}
