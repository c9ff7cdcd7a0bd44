package dev.stitchd.postgres;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Wrapped;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/// Connections of a pool on loan.
///
/// A connection whose user cancelled is never lent again but ended: its statement may still be
/// running, and the driver would give that statement's answers to the connection's next user, who
/// may belong to another tenant. Seen here; no upstream issue about it is known.
public final class LeasedConnection {

  private LeasedConnection() {}

  /// What `work` answers, on a connection that goes back to its pool afterwards. Fails as `work` or
  /// the pool does; on an R2DBC event loop.
  public static <T> Mono<T> with(ConnectionFactory pool, Function<Connection, Mono<T>> work) {
    return Mono.usingWhen(
        pool.create(),
        work,
        Connection::close,
        (connection, _) -> connection.close(),
        LeasedConnection::ended);
  }

  /// The same for work that speaks SQL only.
  public static <T> Mono<T> session(ConnectionFactory pool, Function<Session, Mono<T>> work) {
    return with(pool, connection -> work.apply(new Session(connection)));
  }

  /// Ends a connection, running statement and all; the pool then lets go of it.
  public static Mono<Void> ended(Connection connection) {
    return Mono.defer(() -> Mono.from(physical(connection).close()))
        .onErrorComplete()
        .then(Mono.defer(() -> Mono.from(connection.close())))
        .onErrorComplete();
  }

  private static Connection physical(Connection connection) {
    return connection instanceof Wrapped<?> pooled && pooled.unwrap() instanceof Connection own
        ? own
        : connection;
  }
}
