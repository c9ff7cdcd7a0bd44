package dev.stitchd.grpc;

import static io.grpc.ServerInterceptors.intercept;
import static io.grpc.health.v1.HealthCheckResponse.ServingStatus.NOT_SERVING;
import static io.grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.Draining;
import dev.stitchd.background.StartOrder;
import dev.stitchd.boundary.Failures;
import dev.stitchd.kernel.StartFailure;
import dev.stitchd.runtime.ServerCertificate;
import io.grpc.BindableService;
import io.grpc.Codec;
import io.grpc.DecompressorRegistry;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.grpc.MetricCollectingServerInterceptor;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationListener;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.netty.resources.LoopResources;

/// The ports for gRPC, and for Connect ([FirstBytes]), on the HTTP server's event loops, where
/// calls also run. Closes when HTTP has closed: calls that are being answered are waited for,
/// streams have been sent away before.
@Component
public final class GrpcServer
    implements BackgroundJob, ApplicationListener<AvailabilityChangeEvent<ReadinessState>> {

  private static final Logger LOG = LoggerFactory.getLogger(GrpcServer.class);
  private static final Duration LOOK = Duration.ofMillis(20);
  private static final int RESETS_WITHIN_SECONDS = 30;

  private final GrpcSettings settings;
  private final ObjectProvider<BindableService> services;
  private final ReactorResourceFactory resources;
  private final ServerCertificate certificate;
  private final Failures failures;
  private final MeterRegistry meters;
  private final Draining draining;
  private final Scheduler timer;
  private final HealthStatusManager health = new HealthStatusManager();
  private final List<String> names = new CopyOnWriteArrayList<>();
  private final KeylessCalls keyless;
  private volatile @Nullable Server server;
  private volatile @Nullable ConnectServer connect;

  GrpcServer(
      GrpcSettings settings,
      ObjectProvider<BindableService> services,
      ReactorResourceFactory resources,
      ServerCertificate certificate,
      Failures failures,
      MeterRegistry meters,
      Draining draining,
      @Qualifier("timer") Scheduler timer) {
    this.settings = settings;
    this.keyless = new KeylessCalls(settings.keylessStreams());
    this.services = services;
    this.resources = resources;
    this.certificate = certificate;
    this.failures = failures;
    this.meters = meters;
    this.draining = draining;
    this.timer = timer;
  }

  @Override
  public String name() {
    return "gRPC server";
  }

  @Override
  public String withoutIt() {
    return "gRPC's health goes on saying that this node serves";
  }

  @Override
  public StartOrder order() {
    return StartOrder.GRPC_SERVER;
  }

  @Override
  public void prepare() {
    var ports = settings.ports();
    if (ports.isEmpty()) {
      return; // whoever wants none
    }
    var started = started(builder(ports));
    server = started;
    LOG.info(
        "gRPC on port {}",
        started.getListenSockets().stream()
            .map(address -> Integer.toString(((InetSocketAddress) address).getPort()))
            .collect(Collectors.joining(" and ")));
  }

  /// Says that the node serves when it is ready, as `/health/ready` does; a node that warms up
  /// listens already.
  @Override
  public void onApplicationEvent(AvailabilityChangeEvent<ReadinessState> event) {
    say(event.getState() == ReadinessState.ACCEPTING_TRAFFIC ? SERVING : NOT_SERVING);
  }

  private void say(ServingStatus status) {
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
    names.forEach(name -> health.setStatus(name, status));
  }

  /// Says that the node serves no longer when it begins to drain.
  @Override
  public Publisher<?> work() {
    return draining
        .begun()
        .doOnSuccess(_ -> {
          health.enterTerminalState();
          keyless.end(); // nothing else would
          connect(ConnectServer::lastCalls);
        });
  }

  /// No new calls; those that are there may end.
  @Override
  public Mono<Void> drain() {
    return Mono.defer(() -> {
      var running = server;
      return running == null
          ? Mono.empty()
          : ended(stopping(running), settings.ending())
              .then(Mono.defer(() -> ended(stoppingNow(running), settings.ending())));
    });
  }

  private Server stopping(Server running) {
    connect(ConnectServer::end);
    return running.shutdown();
  }

  private Server stoppingNow(Server running) {
    connect(ConnectServer::endNow);
    return running.shutdownNow();
  }

  private void connect(Consumer<ConnectServer> told) {
    var overConnect = connect;
    if (overConnect != null) {
      told.accept(overConnect);
    }
  }

  /// Connections on which Connect is spoken.
  int connectConnections() {
    var overConnect = connect;
    return overConnect == null ? 0 : overConnect.connections();
  }

  /// The first port that it listens on, which is another than the setting if that was 0; −1 for
  /// none.
  public int port() {
    var running = server;
    return running == null ? -1 : running.getPort();
  }

  private NettyServerBuilder builder(List<Integer> ports) {
    var loops = resources.getLoopResources();
    var heads = new CallHead.Reader();
    var deadlines = new Deadlines();
    var unreadable = new UnreadableMessages();
    var failed = new CallFailures(failures);
    var metrics = new MetricCollectingServerInterceptor(meters);
    var workers = loops.onServer(LoopResources.DEFAULT_NATIVE);
    var builder =
        NettyServerBuilder.forAddress(address(ports.getFirst()))
            .bossEventLoopGroup(loops.onServerSelect(LoopResources.DEFAULT_NATIVE))
            .workerEventLoopGroup(workers)
            .channelType(loops.onChannelClass(ServerSocketChannel.class, workers))
            .directExecutor()
            .maxInboundMessageSize((int) settings.maxMessage().toBytes())
            .maxInboundMetadataSize((int) settings.maxHeaders().toBytes())
            .maxConcurrentCallsPerConnection(settings.perConnection())
            .permitKeepAliveTime(settings.pings().toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveWithoutCalls(true)
            .keepAliveTime(settings.keepAlive().toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTimeout(settings.unanswered().toMillis(), TimeUnit.MILLISECONDS)
            .handshakeTimeout(settings.handshake().toMillis(), TimeUnit.MILLISECONDS)
            .maxConnectionIdle(settings.idle().toMillis(), TimeUnit.MILLISECONDS)
            .maxRstFramesPerWindow(settings.resets(), RESETS_WITHIN_SECONDS)
            .decompressorRegistry(
                DecompressorRegistry.emptyInstance()
                    .with(Codec.Identity.NONE, false)
                    .with(new Gzip(), true))
            .addTransportFilter(heads)
            .addStreamTracerFactory(deadlines)
            .intercept(unreadable)
            .intercept(heads)
            .intercept(deadlines)
            .intercept(failed)
            .intercept(metrics) // comes first
            .addService(intercept(readable(health.getHealthService()), keyless))
            .addService(intercept(readable(ProtoReflectionServiceV1.newInstance()), keyless));
    ports.stream().skip(1).map(this::address).forEach(builder::addListenAddress);
    var bound = services.stream().map(this::readable).toList();
    bound.forEach(service -> {
      names.add(service.getServiceDescriptor().getName());
      builder.addService(service);
    });
    say(NOT_SERVING);
    var overConnect =
        new ConnectServer(
            settings,
            ConnectMethods.of(bound, List.of(metrics, failed, heads, unreadable)),
            failed,
            heads);
    connect = overConnect;
    var keys = settings.tls() ? certificate.keys() : null;
    return builder.protocolNegotiator(
        new FirstBytes(keys == null ? null : tls(keys), overConnect::add));
  }

  private ServerServiceDefinition readable(BindableService service) {
    return UnreadableMessages.readable(service.bindService(), settings.maxMessage().toBytes());
  }

  private static SslContext tls(KeyManagerFactory keys) {
    try {
      return GrpcSslContexts.configure(SslContextBuilder.forServer(keys), SslProvider.JDK)
          .applicationProtocolConfig(
              new ApplicationProtocolConfig(
                  ApplicationProtocolConfig.Protocol.ALPN,
                  ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                  ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                  ApplicationProtocolNames.HTTP_2,
                  ApplicationProtocolNames.HTTP_1_1))
          .build();
    } catch (SSLException e) {
      throw new StartFailure(
          "The certificate of STITCHD_TLS_CERTIFICATE cannot be used for gRPC: " + e.getMessage(),
          e);
    }
  }

  private InetSocketAddress address(int port) {
    return new InetSocketAddress(settings.address(), port);
  }

  private Server started(NettyServerBuilder builder) {
    try {
      return builder.build().start();
    } catch (IOException e) {
      throw new StartFailure(
          "gRPC cannot listen on %s, port %s: stop what listens there, or set STITCHD_GRPC_PORT to another one, -1 for no gRPC."
              .formatted(
                  settings.address(),
                  settings.ports().stream()
                      .map(String::valueOf)
                      .collect(Collectors.joining(" or "))),
          e);
    }
  }

  /// Completes when the server has ended, or the time is over.
  private Mono<Void> ended(Server stopping, Duration within) {
    return Flux.interval(Duration.ZERO, LOOK, timer)
        .takeUntil(_ -> stopping.isTerminated())
        .take(within.plus(LOOK), timer)
        .then();
  }
}
