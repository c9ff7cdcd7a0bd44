package dev.stitchd.postgres;

import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// A connection to a pooler, behind which each transaction may be served by another connection of
/// PostgreSQL. So each begins by taking the role, and a statement outside of one gets one of its
/// own.
final class PooledConnection implements Connection, Wrapped<PostgresqlConnection> {

  private final PostgresqlConnection connection;
  private final String begin;

  /// @param begin begins a transaction and takes the role
  PooledConnection(PostgresqlConnection connection, String begin) {
    this.connection = connection;
    this.begin = begin;
  }

  @Override
  public PostgresqlConnection unwrap() {
    return connection;
  }

  @Override
  public Mono<Void> beginTransaction() {
    return Flux.defer(() -> connection.createStatement(begin).execute())
        .concatMap(Result::getRowsUpdated)
        .then();
  }

  @Override
  public Mono<Void> beginTransaction(TransactionDefinition definition) {
    return beginTransaction();
  }

  @Override
  public Mono<Void> commitTransaction() {
    return connection.commitTransaction();
  }

  @Override
  public Mono<Void> rollbackTransaction() {
    return connection.rollbackTransaction();
  }

  @Override
  public Statement createStatement(String sql) {
    return new InTransaction(connection.createStatement(sql));
  }

  @Override
  public Mono<Boolean> validate(ValidationDepth depth) {
    return connection.validate(depth);
  }

  @Override
  public Mono<Void> close() {
    return connection.close();
  }

  @Override
  public boolean isAutoCommit() {
    return connection.isAutoCommit();
  }

  @Override
  public ConnectionMetadata getMetadata() {
    return connection.getMetadata();
  }

  @Override
  public IsolationLevel getTransactionIsolationLevel() {
    return connection.getTransactionIsolationLevel();
  }

  @Override
  public Batch createBatch() {
    throw new UnsupportedOperationException("statements run one by one here");
  }

  @Override
  public Publisher<Void> createSavepoint(String name) {
    return connection.createSavepoint(name);
  }

  @Override
  public Publisher<Void> releaseSavepoint(String name) {
    return connection.releaseSavepoint(name);
  }

  @Override
  public Publisher<Void> rollbackTransactionToSavepoint(String name) {
    return connection.rollbackTransactionToSavepoint(name);
  }

  @Override
  public Publisher<Void> setAutoCommit(boolean autoCommit) {
    return connection.setAutoCommit(autoCommit);
  }

  @Override
  public Publisher<Void> setLockWaitTimeout(Duration timeout) {
    return connection.setLockWaitTimeout(timeout);
  }

  @Override
  public Publisher<Void> setStatementTimeout(Duration timeout) {
    return connection.setStatementTimeout(timeout);
  }

  @Override
  public Publisher<Void> setTransactionIsolationLevel(IsolationLevel level) {
    return connection.setTransactionIsolationLevel(level);
  }

  /// A statement in the transaction that was begun, or in one of its own.
  private final class InTransaction implements Statement {

    private final Statement statement;

    private InTransaction(Statement statement) {
      this.statement = statement;
    }

    @Override
    public Publisher<? extends Result> execute() {
      return Flux.<Result>defer(
          () -> isAutoCommit() ? alone() : Flux.from(statement.execute()).cast(Result.class));
    }

    private Flux<Result> alone() {
      return Flux.concat(
              beginTransaction().then(Mono.<Result>empty()),
              Flux.defer(() -> Flux.from(statement.execute()).cast(Result.class)),
              commitTransaction().then(Mono.<Result>empty()))
          .onErrorResume(
              failure -> rollbackTransaction().onErrorComplete().then(Mono.error(failure)));
    }

    @Override
    public Statement add() {
      var _ = statement.add();
      return this;
    }

    @Override
    public Statement bind(int index, Object value) {
      var _ = statement.bind(index, value);
      return this;
    }

    @Override
    public Statement bind(String name, Object value) {
      var _ = statement.bind(name, value);
      return this;
    }

    @Override
    public Statement bindNull(int index, Class<?> type) {
      var _ = statement.bindNull(index, type);
      return this;
    }

    @Override
    public Statement bindNull(String name, Class<?> type) {
      var _ = statement.bindNull(name, type);
      return this;
    }
  }
}
