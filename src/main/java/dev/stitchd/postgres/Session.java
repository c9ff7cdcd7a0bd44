package dev.stitchd.postgres;

import io.netty.buffer.ByteBuf;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.Wrapped;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// SQL on one connection, which is whoever leased it's alone. Only classes named `…Rows` use it:
/// they hold every statement. Statements run one after another; results are collected before the
/// next begins.
public final class Session {

  private static final String ALIVE = "SELECT 1";

  private final Connection connection;
  private final BoundedAnswers answers;

  /// A session that waits for answers without end.
  ///
  /// @param connection lent to this session for as long as it is used
  public Session(Connection connection) {
    this(connection, BoundedAnswers.UNBOUNDED);
  }

  /// @param answers how long they are waited for
  Session(Connection connection, BoundedAnswers answers) {
    this.connection = connection;
    this.answers = answers;
  }

  /// All rows of a query, in order.
  public <T> Mono<List<T>> all(
      String sql, Function<Readable, T> mapper, @Nullable Object... values) {
    return answers.to(rows(sql, mapper, values).collectList());
  }

  /// The row of a query that finds at most one; empty if it finds none.
  public <T> Mono<T> one(String sql, Function<Readable, T> mapper, @Nullable Object... values) {
    return all(sql, mapper, values).flatMap(found -> Mono.justOrEmpty(found.stream().findFirst()));
  }

  /// Whether a query finds anything.
  public Mono<Boolean> any(String sql, @Nullable Object... values) {
    return all(sql, _ -> true, values).map(found -> !found.isEmpty());
  }

  /// Hands on the rows of a query as they come, on one thread at a time.
  public <T> Mono<Void> each(
      String sql, Function<Readable, T> mapper, Consumer<T> found, @Nullable Object... values) {
    return answers.to(rows(sql, mapper, values).doOnNext(found).then());
  }

  /// Runs a statement; emits how many rows it touched.
  public Mono<Long> run(String sql, @Nullable Object... values) {
    return answers.to(
        Flux.defer(() -> bound(sql, values).execute())
            .concatMap(Result::getRowsUpdated)
            .reduce(0L, Long::sum));
  }

  /// Feeds `COPY … FROM STDIN`; emits how many rows it made. The buffers are released.
  public Mono<Long> copy(String sql, Publisher<ByteBuf> rows) {
    return answers.to(Mono.defer(() -> postgresql().copyIn(sql, rows)));
  }

  /// Asks whether the connection still lives.
  Mono<Void> checkAlive() {
    return run(ALIVE).then();
  }

  Mono<Void> begin() {
    return answers.to(Mono.defer(() -> Mono.from(connection.beginTransaction())));
  }

  Mono<Void> commit() {
    return answers.to(Mono.defer(() -> Mono.from(connection.commitTransaction())));
  }

  Mono<Void> rollback() {
    return answers.to(Mono.defer(() -> Mono.from(connection.rollbackTransaction())));
  }

  /// Tells which backend serves this session from here on, as its own statement said.
  void servedBy(long process) {
    answers.servedBy(process);
  }

  /// What was lent.
  Connection connection() {
    return connection;
  }

  private PostgresqlConnection postgresql() {
    var own =
        connection instanceof Wrapped<?> pooled
            ? pooled.unwrap(PostgresqlConnection.class)
            : connection;
    return (PostgresqlConnection) Objects.requireNonNull(own, "a connection to PostgreSQL");
  }

  private <T> Flux<T> rows(String sql, Function<Readable, T> mapper, @Nullable Object... values) {
    return Flux.defer(() -> bound(sql, values).execute())
        .concatMap(result -> result.map(row -> heard(row, mapper)));
  }

  private <T> T heard(Readable row, Function<Readable, T> mapper) {
    answers.hear();
    return mapper.apply(row);
  }

  /// Nulls are bound as text, so a statement casts where it may get one.
  private Statement bound(String sql, @Nullable Object... values) {
    var statement = connection.createStatement(sql);
    var list = Arrays.asList(values);
    for (int i = 0; i < list.size(); i++) {
      var value = list.get(i);
      if (value == null) {
        statement.bindNull(i, String.class);
      } else {
        statement.bind(i, value);
      }
    }
    return statement;
  }
}
