package dev.stitchd.postgres;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.client.SSLMode;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/// The ways to PostgreSQL: one pool for each of the two roles that row-level security knows, and
/// single connections to listen on.
@Configuration(proxyBeanMethods = false)
final class PostgresConfiguration {

  private static final Duration IDLE = Duration.ofMinutes(10);

  /// The SDK plane's rights, and its plans. Its few statements look rows up by index, so each is
  /// planned once for all values: PostgreSQL otherwise plans one that takes lists again for every
  /// execution, which costs several times what the look-up does. Without sequential scans, since
  /// such a plan may have been made when the table was empty and be used when it has millions of
  /// rows.
  private static final Map<String, String> READER =
      Map.of(
          "role", "stitchd_reader",
          "plan_cache_mode", "force_generic_plan",
          "enable_seqscan", "off");

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
  LoopResources postgresLoops() {
    return LoopResources.create(
        "postgres", 1, Math.max(2, Runtime.getRuntime().availableProcessors()), true, false);
  }

  @Bean(destroyMethod = "dispose")
  ConnectionPool management(
      PostgresAddress address,
      PostgresSettings settings,
      LoopResources postgresLoops,
      SchemaGate gate) {
    var connections =
        connections(
            address, settings, postgresLoops, "stitchd-management", Map.of("role", "stitchd_app"));
    return pool(
        "management",
        gate.before(connections),
        settings.managementConnections(),
        settings.managementAcquireTimeout(),
        settings);
  }

  @Bean(destroyMethod = "dispose")
  ConnectionPool reader(
      PostgresAddress address,
      PostgresSettings settings,
      LoopResources postgresLoops,
      SchemaGate gate) {
    var connections = connections(address, settings, postgresLoops, "stitchd-reader", READER);
    return pool(
        "reader",
        gate.before(connections),
        settings.readerConnections(),
        settings.readerAcquireTimeout(),
        settings);
  }

  /// For connections that live long and are nobody else's, as the one that LISTENs.
  @Bean
  Supplier<Mono<PostgresqlConnection>> listener(
      PostgresAddress address,
      PostgresSettings settings,
      LoopResources postgresLoops,
      SchemaGate gate) {
    var connections =
        connections(
            address, settings, postgresLoops, "stitchd-listener", Map.of("role", "stitchd_reader"));
    return () -> gate.passed().then(connections.create());
  }

  private static PostgresqlConnectionFactory connections(
      PostgresAddress address,
      PostgresSettings settings,
      LoopResources loops,
      String name,
      Map<String, String> options) {
    var configuration =
        PostgresqlConnectionConfiguration.builder()
            .host(address.host())
            .port(address.port())
            .database(address.database())
            .username(address.user())
            .applicationName(name)
            .options(options)
            .connectTimeout(settings.connectTimeout())
            .statementTimeout(settings.statementTimeout())
            .lockWaitTimeout(settings.lockTimeout())
            .tcpKeepAlive(true)
            .preparedStatementCacheQueries(256)
            .loopResources(loops);
    if (address.password() != null) {
      configuration.password(address.password());
    }
    var sslMode = address.parameters().get("sslmode");
    if (sslMode != null) {
      configuration.sslMode(SSLMode.fromValue(sslMode));
    }
    return new PostgresqlConnectionFactory(configuration.build());
  }

  private static ConnectionPool pool(
      String name,
      ConnectionFactory connections,
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
            .acquireRetry(1)
            .customizer(lent ->
                lent.maxPendingAcquire(settings.waitingRequests())
                    .evictionPredicate((connection, use) ->
                        isOver(connection) || use.idleTime() >= IDLE.toMillis()))
            .build());
  }

  /// A connection that was ended is let go when it comes back, and not found out by its next user.
  private static boolean isOver(Connection connection) {
    return Boolean.FALSE.equals(
        Mono.from(connection.validate(ValidationDepth.LOCAL)).toFuture().getNow(true));
  }
}
