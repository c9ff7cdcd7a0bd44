package dev.stitchd.warehouse.clickhouse;

import com.clickhouse.r2dbc.connection.ClickHouseConnectionFactoryProvider;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Scheduler;

/// Queries through ClickHouse's R2DBC driver. The driver wraps a blocking client on threads of its
/// own, leaks its connection when it is cancelled
/// (https://github.com/ClickHouse/clickhouse-java/issues/2976), and leaves out a row whose mapping
/// fails without a word (https://github.com/ClickHouse/clickhouse-java/issues/1819): this class is
/// the fence around all three. Each query occupies one thread of the scheduler given to it, which
/// bounds how many run and wait; every answer is drained; a failed mapping is a failed query.
public final class ClickHouseR2dbc {

  private final ConnectionFactory connections;
  private final Scheduler blocking;
  private final Duration patience;
  private final ClickHouseTables tables;

  public ClickHouseR2dbc(
      ClickHouseAddress address, ClickHouseSettings settings, Scheduler blocking) {
    this.blocking = blocking;
    this.tables = settings.tables();
    this.patience = settings.queryTime().plusSeconds(2);
    connections =
        new ClickHouseConnectionFactoryProvider()
            .create(
                ConnectionFactoryOptions.builder()
                    .option(ConnectionFactoryOptions.DRIVER, "clickhouse")
                    .option(ConnectionFactoryOptions.PROTOCOL, "http")
                    .option(ConnectionFactoryOptions.SSL, address.secure())
                    .option(ConnectionFactoryOptions.HOST, address.host())
                    .option(ConnectionFactoryOptions.PORT, address.port())
                    .option(ConnectionFactoryOptions.DATABASE, address.database())
                    .option(ConnectionFactoryOptions.USER, address.user())
                    .option(ConnectionFactoryOptions.PASSWORD, address.password())
                    .option(Option.valueOf("compress"), "0")
                    .option(Option.valueOf("socket_timeout"), Long.toString(patience.toMillis()))
                    .option(
                        Option.valueOf("connect_timeout"),
                        Long.toString(settings.connectTimeout().toMillis()))
                    .build());
  }

  /// All rows of one query, which must bound them itself. Emits one list on the scheduler; fails as
  /// the driver and `mapper` do, and with [java.util.concurrent.RejectedExecutionException] if too
  /// many queries wait already. Cancelling gives up the list, not the query.
  ///
  /// @param sql without settings, with named parameters as `:name`
  /// @param limits at least one
  /// @param ended runs once for each subscription, when ClickHouse has ended the query or will
  ///   never see it
  public <T> Mono<List<T>> rows(
      String sql,
      QueryLimits limits,
      Map<String, Object> parameters,
      Function<Row, T> mapper,
      Runnable ended) {
    var whole =
        tables.statement(sql)
            + "\nSETTINGS prefer_column_name_to_alias = 1, "
            + limits.with(tables.settings()).clause();
    return Mono.defer(() -> {
      var decided = new AtomicBoolean();
      return Mono.<List<T>>create(
              sink -> {
                if (decided.compareAndSet(false, true)) {
                  answer(sink, drained(whole, parameters, mapper).doFinally(_ -> ended.run()));
                }
              })
          .subscribeOn(blocking)
          .doFinally(_ -> {
            if (decided.compareAndSet(false, true)) {
              ended.run();
            }
          });
    });
  }

  /// The one place where a thread waits for an answer. A caller who cancels interrupts the wait,
  /// and hears of it no more.
  private <T> void answer(MonoSink<List<T>> sink, Mono<List<T>> query) {
    var cancelled = new AtomicBoolean();
    var _ = sink.onCancel(() -> cancelled.set(true));
    try {
      sink.success(query.toFuture().get(patience.toMillis(), TimeUnit.MILLISECONDS));
    } catch (ExecutionException e) {
      sink.error(e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException e) {
      sink.error(e);
    } catch (InterruptedException e) {
      if (!cancelled.get()) {
        sink.error(e);
      }
    }
  }

  private <T> Mono<List<T>> drained(
      String sql, Map<String, Object> parameters, Function<Row, T> mapper) {
    return Flux.usingWhen(
            connections.create(),
            connection -> rows(statement(connection, sql, parameters), mapper),
            Connection::close)
        .collectList()
        .map(ClickHouseR2dbc::values);
  }

  private static Statement statement(
      Connection connection, String sql, Map<String, Object> parameters) {
    var statement = connection.createStatement(sql);
    for (var parameter : parameters.entrySet()) {
      statement = statement.bind(parameter.getKey(), parameter.getValue());
    }
    return statement;
  }

  private static <T> Flux<Mapped<T>> rows(Statement statement, Function<Row, T> mapper) {
    return Flux.<Result>from(statement.execute())
        .concatMap(result -> result.map((row, _) -> map(row, mapper)));
  }

  /// Total, as it must be.
  private static <T> Mapped<T> map(Row row, Function<Row, T> mapper) {
    try {
      return new Mapped.Value<>(mapper.apply(row));
    } catch (RuntimeException e) {
      return new Mapped.Failure<>(e);
    }
  }

  private static <T> List<T> values(List<Mapped<T>> mapped) {
    return mapped.stream().map(Mapped::get).toList();
  }

  private sealed interface Mapped<T> {
    record Value<T>(T value) implements Mapped<T> {}

    record Failure<T>(RuntimeException cause) implements Mapped<T> {}

    default T get() {
      return switch (this) {
        case Value<T>(T value) -> value;
        case Failure<T>(RuntimeException cause) -> throw cause;
      };
    }
  }
}
