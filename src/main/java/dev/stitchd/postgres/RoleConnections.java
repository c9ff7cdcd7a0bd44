package dev.stitchd.postgres;

import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/// Connections that serve as one role, and as nothing else: each is asked which role it has before
/// it is lent.
///
/// PostgreSQL takes the role and its settings when it opens a connection. A pooler in between does
/// not pass them on: it refuses them, or drops them without a word, and then every statement would
/// run as the owner of the tables. Found out by a setting that comes back from PostgreSQL only.
/// From then on each transaction takes the role by itself ([PooledConnection]), which is right
/// whether the pooler hands its connections round after a session or after a transaction, and
/// nothing is prepared beyond one.
final class RoleConnections implements ConnectionFactory {

  private static final Logger LOG = LoggerFactory.getLogger(RoleConnections.class);

  /// How a pooler refuses a parameter that it does not know.
  private static final String PROTOCOL_VIOLATION = "08P01";

  private final DatabaseRole role;
  private final PostgresqlConnectionFactory direct;
  private final PostgresqlConnectionFactory pooled;
  private volatile boolean throughPooler;

  /// @param connections as whom and where; asked for twice
  RoleConnections(
      DatabaseRole role, Supplier<PostgresqlConnectionConfiguration.Builder> connections) {
    this.role = role;
    this.direct =
        new PostgresqlConnectionFactory(
            connections.get().options(role.startUp()).preparedStatementCacheQueries(256).build());
    this.pooled =
        new PostgresqlConnectionFactory(connections.get().preparedStatementCacheQueries(0).build());
  }

  @Override
  public Mono<? extends Connection> create() {
    return Mono.defer(() -> throughPooler ? pooled() : direct());
  }

  @Override
  public ConnectionFactoryMetadata getMetadata() {
    return direct.getMetadata();
  }

  private Mono<Connection> direct() {
    return checked(direct.create(), connection -> connection, true)
        .onErrorResume(RoleConnections::isRefusedParameter, _ -> pooled());
  }

  private Mono<Connection> pooled() {
    return checked(
            pooled.create(), connection -> new PooledConnection(connection, role.begin()), false)
        .onErrorMap(RoleConnections::isRefusedParameter, RoleConnections::refused)
        .doOnNext(_ -> foundPooler());
  }

  /// A connection that is kept open if it is what it should be, and in no other case.
  private Mono<Connection> checked(
      Mono<PostgresqlConnection> opening,
      Function<PostgresqlConnection, Connection> as,
      boolean marked) {
    return Mono.usingWhen(
        opening,
        connection -> checked(as.apply(connection), marked),
        _ -> Mono.empty(),
        (connection, _) -> connection.close(),
        PostgresqlConnection::close);
  }

  private Mono<Connection> checked(Connection connection, boolean marked) {
    return RoleRows.check(new Session(connection))
        .doOnNext(found -> mustBe(found, marked))
        .thenReturn(connection);
  }

  private void mustBe(RoleRows.Found found, boolean marked) {
    if (marked && !found.marked()) {
      throw new R2dbcNonTransientResourceException(
          "a pooler has dropped what PostgreSQL was told", PROTOCOL_VIOLATION);
    }
    if (!found.isBound(role.name())) {
      throw new R2dbcNonTransientResourceException(found.problem(role.name()));
    }
  }

  private void foundPooler() {
    if (!throughPooler) {
      throughPooler = true;
      LOG.info(
          "PostgreSQL is reached through a pooler that does not pass on the role {}; each transaction takes it by itself",
          role.name());
    }
  }

  private static boolean isRefusedParameter(Throwable failure) {
    return failure instanceof R2dbcException refused
        && PROTOCOL_VIOLATION.equals(refused.getSqlState());
  }

  private static Throwable refused(Throwable failure) {
    return new R2dbcNonTransientResourceException(
        "the pooler before PostgreSQL refuses what the driver always says when it connects; have it ignore that, for PgBouncer by ignore_startup_parameters = extra_float_digits ("
            + failure.getMessage()
            + ")",
        failure);
  }
}
