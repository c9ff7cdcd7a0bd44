package dev.stitchd.postgres;

import io.micrometer.core.instrument.MeterRegistry;
import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.client.SSLMode;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.netty.resources.LoopResources;

/// The ways to PostgreSQL: one pool for each of the two roles that row-level security knows, and
/// single connections to listen on.
@Configuration(proxyBeanMethods = false)
final class PostgresConfiguration {

  private static final Duration IDLE = Duration.ofMinutes(10);

  /// Closed until the schema is there.
  @Bean
  SchemaGate postgresGate() {
    return new SchemaGate();
  }

  @Bean
  PostgresAddress postgresAddress(PostgresSettings settings) {
    return PostgresAddress.parse(settings.url());
  }

  /// Event loops of their own: the default puts all pooled connections on one, and a third of the
  /// throughput is lost.
  @Bean(destroyMethod = "dispose")
  LoopResources postgresLoops(PostgresSettings settings) {
    return new StoreSockets(
        LoopResources.create(
            "postgres", 1, Math.max(2, Runtime.getRuntime().availableProcessors()), true, false),
        settings.unacknowledged());
  }

  @Bean
  @Primary
  Silence silence(@Qualifier("timer") Scheduler timer) {
    return new Silence(timer);
  }

  @Bean
  ProvenConnections managementProven(
      Silence silence, PostgresSettings settings, @Qualifier("timer") Scheduler timer) {
    return new ProvenConnections(silence, settings, timer);
  }

  @Bean
  ProvenConnections readerProven(
      Silence silence, PostgresSettings settings, @Qualifier("timer") Scheduler timer) {
    return new ProvenConnections(silence, settings, timer);
  }

  /// Statements of transactions may wait for locks, so it is asked whether they do.
  @Bean
  Lender managementLender(
      @Qualifier("management") ConnectionFactory management,
      @Qualifier("managementProven") ProvenConnections managementProven,
      @Qualifier("readerLender") Lender readerLender,
      Silence silence,
      PostgresSettings settings,
      @Qualifier("timer") Scheduler timer) {
    return new Lender(
        management,
        managementProven,
        bounds(settings, silence, timer),
        process ->
            readerLender
                .session(session -> BoundedAnswers.backend(session, process))
                .timeout(settings.answerWithin().dividedBy(2), timer)
                .onErrorReturn(BoundedAnswers.Backend.UNKNOWN),
        true);
  }

  @Bean
  Lender readerLender(
      @Qualifier("reader") ConnectionFactory reader,
      @Qualifier("readerProven") ProvenConnections readerProven,
      Silence silence,
      PostgresSettings settings,
      @Qualifier("timer") Scheduler timer) {
    return new Lender(
        reader,
        readerProven,
        bounds(settings, silence, timer),
        _ -> Mono.just(BoundedAnswers.Backend.UNKNOWN),
        false);
  }

  @Bean("postgresql-replica")
  Replica postgresReplica(
      @Qualifier("replica") ConnectionPool replica,
      @Qualifier("replicaProven") ProvenConnections replicaProven,
      @Qualifier("replicaSilence") Silence replicaSilence,
      @Qualifier("readerLender") Lender readerLender,
      PostgresSettings settings,
      MeterRegistry meters,
      @Qualifier("timer") Scheduler timer) {
    var lender =
        new Lender(
            replica,
            replicaProven,
            bounds(settings, replicaSilence, timer),
            _ -> Mono.just(BoundedAnswers.Backend.UNKNOWN),
            false);
    return new Replica(settings.replica(), lender, readerLender, settings, meters);
  }

  /// Connects nowhere unless there is a replica.
  @Bean(destroyMethod = "dispose")
  ConnectionPool replica(
      PostgresAddress postgresAddress,
      PostgresSettings settings,
      LoopResources postgresLoops,
      SchemaGate gate,
      @Qualifier("replicaProven") ProvenConnections replicaProven) {
    var address = Objects.requireNonNullElse(settings.replica(), postgresAddress);
    var connections =
        connections(DatabaseRole.READER, address, settings, postgresLoops, "stitchd-replica");
    return pool(
        "replica",
        gate.before(connections),
        replicaProven,
        settings.readConnections(),
        settings.readerAcquireTimeout(),
        settings);
  }

  /// Another machine's connections say nothing of the primary's.
  @Bean
  Silence replicaSilence(@Qualifier("timer") Scheduler timer) {
    return new Silence(timer);
  }

  @Bean
  ProvenConnections replicaProven(
      @Qualifier("replicaSilence") Silence replicaSilence,
      PostgresSettings settings,
      @Qualifier("timer") Scheduler timer) {
    return new ProvenConnections(replicaSilence, settings, timer);
  }

  private static BoundedAnswers.Bounds bounds(
      PostgresSettings settings, Silence silence, Scheduler timer) {
    return new BoundedAnswers.Bounds(
        settings.doubtAfter(),
        settings.answerWithin(),
        settings.statementTimeout().plus(settings.doubtAfter()),
        silence,
        timer);
  }

  @Bean(destroyMethod = "dispose")
  ConnectionPool management(
      PostgresAddress address,
      PostgresSettings settings,
      LoopResources postgresLoops,
      SchemaGate gate,
      @Qualifier("managementProven") ProvenConnections managementProven) {
    var connections =
        connections(
            DatabaseRole.MANAGEMENT, address, settings, postgresLoops, "stitchd-management");
    return pool(
        "management",
        gate.before(connections),
        managementProven,
        settings.managementConnections(),
        settings.managementAcquireTimeout(),
        settings);
  }

  @Bean(destroyMethod = "dispose")
  ConnectionPool reader(
      PostgresAddress address,
      PostgresSettings settings,
      LoopResources postgresLoops,
      SchemaGate gate,
      @Qualifier("readerProven") ProvenConnections readerProven) {
    var connections =
        connections(DatabaseRole.READER, address, settings, postgresLoops, "stitchd-reader");
    return pool(
        "reader",
        gate.before(connections),
        readerProven,
        settings.readerConnections(),
        settings.readerAcquireTimeout(),
        settings);
  }

  /// For connections that live long and are nobody else's, as the one that LISTENs.
  @Bean
  Supplier<Mono<PostgresqlConnection>> listener(
      PostgresSettings settings, LoopResources postgresLoops, SchemaGate gate) {
    var listening = settings.direct();
    var connections =
        new PostgresqlConnectionFactory(
            configuration(listening, settings, postgresLoops, "stitchd-listener").build());
    return () -> gate.passed().then(connections.create());
  }

  private static ConnectionFactory connections(
      DatabaseRole role,
      PostgresAddress address,
      PostgresSettings settings,
      LoopResources loops,
      String name) {
    var limited =
        role.with("statement_timeout", millis(settings.statementTimeout()))
            .with("lock_timeout", millis(settings.lockTimeout()))
            .with("idle_in_transaction_session_timeout", millis(settings.idleTransaction()));
    return new RoleConnections(limited, () -> configuration(address, settings, loops, name));
  }

  private static String millis(Duration time) {
    return Long.toString(time.toMillis());
  }

  private static PostgresqlConnectionConfiguration.Builder configuration(
      PostgresAddress address, PostgresSettings settings, LoopResources loops, String name) {
    var configuration =
        PostgresqlConnectionConfiguration.builder()
            .host(address.host())
            .port(address.port())
            .database(address.database())
            .username(address.user())
            .applicationName(name)
            .connectTimeout(settings.connectTimeout())
            .tcpKeepAlive(true)
            .loopResources(loops);
    if (address.password() != null) {
      configuration.password(address.password());
    }
    var sslMode = address.parameters().get("sslmode");
    if (sslMode != null) {
      configuration.sslMode(SSLMode.fromValue(sslMode));
    }
    return configuration;
  }

  private static ConnectionPool pool(
      String name,
      ConnectionFactory connections,
      ProvenConnections idle,
      int size,
      Duration acquireTimeout,
      PostgresSettings settings) {
    return new ConnectionPool(
        ConnectionPoolConfiguration.builder(connections)
            .name(name)
            .initialSize(0)
            .maxSize(size)
            .maxAcquireTime(acquireTimeout)
            .maxCreateConnectionTime(settings.connectTimeout())
            .acquireRetry(0) // a retry would wait as long again
            .postAllocate(idle::lending)
            .customizer(lent ->
                lent.maxPendingAcquire(settings.waitingRequests())
                    .destroyHandler(idle::released)
                    .evictionPredicate(
                        (connection, use) -> // not to be found out by the next user
                        ProvenConnections.isOver(connection) || use.idleTime() >= IDLE.toMillis()))
            .build());
  }
}
