package dev.stitchd.warehouse;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// One node at a time, by an advisory lock of PostgreSQL. The lock belongs to a transaction, so
/// that it ends with its connection, whatever happens.
final class MigrationLock {

  /// `stitchd` + 1, read as a number; any number would do that nobody else locks.
  static final long NUMBER = 0x73746974636864_01L;

  private final ConnectionFactory postgres;

  MigrationLock(ConnectionFactory postgres) {
    this.postgres = postgres;
  }

  /// Runs `work` while holding the lock. Fails with [Taken] if another node holds it, and as `work`
  /// or PostgreSQL does.
  Mono<Void> holding(Mono<Void> work) {
    return Mono.usingWhen(
        postgres.create(), connection -> locked(connection, work), MigrationLock::release);
  }

  private static Mono<Void> locked(Connection connection, Mono<Void> work) {
    return Mono.from(connection.beginTransaction())
        .then(tryLock(connection))
        .flatMap(locked -> locked ? work : Mono.error(new Taken()));
  }

  private static Mono<Boolean> tryLock(Connection connection) {
    return Flux.from(
            connection
                .createStatement("SELECT pg_try_advisory_xact_lock($1)")
                .bind("$1", NUMBER)
                .execute())
        .concatMap(result -> result.map((row, _) -> Boolean.TRUE.equals(row.get(0, Boolean.class))))
        .last();
  }

  private static Publisher<Void> release(Connection connection) {
    return Mono.from(connection.rollbackTransaction())
        .onErrorResume(_ -> Mono.empty()) // a broken connection has no transaction any more
        .then(Mono.from(connection.close()));
  }

  /// Another node is doing it.
  static final class Taken extends RuntimeException {
    Taken() {
      super("another node is bringing it up to date", null, false, false);
    }
  }
}
