package dev.stitchd.warehouse;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// One node at a time, by an advisory lock of PostgreSQL. The lock belongs to a transaction, so
/// that it ends with its connection, whatever happens.
final class AdvisoryLock {

  /// `stitchd` + 1, read as a number; any number would do that nobody else locks.
  private static final long MIGRATION = 0x73746974636864_01L;

  private static final long ROLLUPS = 0x73746974636864_02L;

  private final ConnectionFactory postgres;
  private final long number;

  private AdvisoryLock(ConnectionFactory postgres, long number) {
    this.postgres = postgres;
    this.number = number;
  }

  /// For bringing ClickHouse's schema up to date.
  static AdvisoryLock ofMigration(ConnectionFactory postgres) {
    return new AdvisoryLock(postgres, MIGRATION);
  }

  /// For recomputing rollups.
  static AdvisoryLock ofRollups(ConnectionFactory postgres) {
    return new AdvisoryLock(postgres, ROLLUPS);
  }

  /// Runs `work` while holding the lock. Fails with [Taken] if another node holds it, and as `work`
  /// or PostgreSQL does.
  Mono<Void> holding(Mono<Void> work) {
    return Mono.usingWhen(
        postgres.create(), connection -> locked(connection, work), AdvisoryLock::release);
  }

  private Mono<Void> locked(Connection connection, Mono<Void> work) {
    return Mono.from(connection.beginTransaction())
        .then(tryLock(connection))
        .flatMap(locked -> locked ? work : Mono.error(new Taken()));
  }

  private Mono<Boolean> tryLock(Connection connection) {
    return Flux.from(
            connection
                .createStatement("SELECT pg_try_advisory_xact_lock($1)")
                .bind("$1", number)
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
      super("another node is doing it", null, false, false);
    }
  }
}
