package dev.stitchd.postgres;

import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.util.retry.Retry;

/// Lends the connections of one pool. No wait on one of them is without end: before it is lent it
/// may have to prove that it carries anything ([ProvenConnections]); each answer has its time
/// ([BoundedAnswers]), and a connection that takes longer is ended.
///
/// A connection whose user cancelled is never lent again but ended: its statement may still be
/// running, and the driver would give that statement's answers to the connection's next user, who
/// may belong to another tenant. Seen here; no upstream issue about it is known.
public final class Lender {

  /// So often another connection is asked for after one that did not prove itself. The first has
  /// all idle ones prove themselves, so few attempts are enough.
  private static final long ANOTHER = 3;

  private final ConnectionFactory pool;
  private final @Nullable ProvenConnections idle;
  private final BoundedAnswers.Bounds bounds;
  private final LongFunction<Mono<BoundedAnswers.Backend>> backends;
  private final boolean cancels;

  /// Lends connections that are not pooled, each answer within a time.
  public Lender(ConnectionFactory connections, Duration answerWithin, Scheduler timer) {
    this(
        connections,
        null,
        new BoundedAnswers.Bounds(
            answerWithin, answerWithin, answerWithin, new Silence(timer), timer),
        _ -> Mono.just(BoundedAnswers.Backend.UNKNOWN),
        false);
  }

  /// @param idle asked before each loan; null for nobody
  /// @param backends what a backend does, asked on other connections; never fails
  /// @param cancels whether PostgreSQL is told to cancel the statement of a connection that is
  ///   ended, which would otherwise go on and then hold its locks
  Lender(
      ConnectionFactory pool,
      @Nullable ProvenConnections idle,
      BoundedAnswers.Bounds bounds,
      LongFunction<Mono<BoundedAnswers.Backend>> backends,
      boolean cancels) {
    this.pool = pool;
    this.idle = idle;
    this.bounds = bounds;
    this.backends = backends;
    this.cancels = cancels;
  }

  /// What `work` answers, on a connection that goes back to its pool afterwards; behind a pooler
  /// each statement is a transaction, which is rolled back if the work fails. Fails as `work` or
  /// the pool does; on an R2DBC event loop.
  public <T> Mono<T> session(Function<Session, Mono<T>> work) {
    return Mono.usingWhen(
        lent(), work, this::returned, (session, _) -> rolledBack(session), this::ended);
  }

  /// The same for work that begins a transaction, which is rolled back unless it was committed.
  <T> Mono<T> transaction(Function<Session, Mono<T>> work) {
    return Mono.usingWhen(
        lent(), work, this::returned, (session, _) -> rolledBack(session), this::ended);
  }

  /// How often something is said on a connection that is kept without a statement.
  Duration heartbeat() {
    return bounds.doubtAfter().dividedBy(2);
  }

  Scheduler timer() {
    return bounds.timer();
  }

  private Mono<Session> lent() {
    return Mono.defer(() -> Mono.from(pool.create()))
        .retryWhen(
            Retry.max(ANOTHER)
                .filter(ProvenConnections.Unproven.class::isInstance)
                .onRetryExhaustedThrow((_, last) -> last.failure()))
        .map(this::session);
  }

  private Session session(Connection connection) {
    var end = Mono.defer(() -> ended(connection));
    return new Session(connection, new BoundedAnswers(bounds, backends, end));
  }

  /// A connection whose rollback fails is broken; the pool finds that out.
  private Mono<Void> rolledBack(Session session) {
    return session.rollback().onErrorComplete().then(returned(session));
  }

  /// What was answered is answered, whatever becomes of the connection.
  private Mono<Void> returned(Session session) {
    return Mono.defer(
            () -> {
              if (idle != null) {
                idle.returned(physical(session.connection()));
              }
              return Mono.from(session.connection().close());
            })
        .onErrorComplete();
  }

  /// Ends a connection, running statement and all; the pool then lets go of it.
  private Mono<Void> ended(Session session) {
    return ended(session.connection())
        .then(Mono.defer(() -> Mono.from(session.connection().close())))
        .onErrorComplete();
  }

  private Mono<Void> ended(Connection lent) {
    var connection = physical(lent);
    return Mono.when(
        cancels && connection instanceof PostgresqlConnection own ? cancelled(own) : Mono.empty(),
        closed(connection));
  }

  private Mono<Void> cancelled(PostgresqlConnection connection) {
    return Mono.defer(connection::cancelRequest)
        .timeout(bounds.doubtAfter().dividedBy(2), bounds.timer())
        .onErrorComplete();
  }

  private Mono<Void> closed(Connection connection) {
    return Mono.defer(() -> Mono.from(connection.close()))
        .timeout(bounds.doubtAfter().dividedBy(2), bounds.timer())
        .onErrorComplete();
  }

  /// The connection itself, out of its pool's wrapping.
  static Connection physical(Connection connection) {
    return connection instanceof Wrapped<?> pooled && pooled.unwrap() instanceof Connection own
        ? own
        : connection;
  }
}
