package dev.stitchd.postgres;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/// Work that one node at a time does, by an advisory lock of PostgreSQL; the numbers of all such
/// locks stand here, so that no two kinds of work share one. The lock belongs to a transaction, so
/// that it ends with its connection, whatever happens.
public final class AdvisoryLock {

  /// `stitchd` + 1, read as a number; any number would do that nobody else locks.
  private static final long MIGRATION = 0x73746974636864_01L;

  private static final long ROLLUPS = 0x73746974636864_02L;

  private static final String TRY = "SELECT pg_try_advisory_xact_lock($1) AS mine";

  private final ConnectionFactory postgres;
  private final long number;

  private AdvisoryLock(ConnectionFactory postgres, long number) {
    this.postgres = postgres;
    this.number = number;
  }

  /// For bringing ClickHouse's schema up to date.
  public static AdvisoryLock ofMigration(ConnectionFactory postgres) {
    return new AdvisoryLock(postgres, MIGRATION);
  }

  /// For recomputing rollups.
  public static AdvisoryLock ofRollups(ConnectionFactory postgres) {
    return new AdvisoryLock(postgres, ROLLUPS);
  }

  /// Runs `work` while holding the lock. Fails with [Taken] if another node holds it, and as `work`
  /// or PostgreSQL does.
  public Mono<Void> holding(Mono<Void> work) {
    return Mono.usingWhen(
        postgres.create(),
        connection -> locked(connection, work),
        AdvisoryLock::release,
        (connection, _) -> release(connection),
        LeasedConnection::ended);
  }

  private Mono<Void> locked(Connection connection, Mono<Void> work) {
    return Mono.from(connection.beginTransaction())
        .then(tryLock(connection))
        .flatMap(locked -> locked ? work : Mono.error(new Taken()));
  }

  private Mono<Boolean> tryLock(Connection connection) {
    return new Session(connection).one(TRY, row -> Columns.bool(row, "mine"), number);
  }

  private static Publisher<Void> release(Connection connection) {
    return Mono.from(connection.rollbackTransaction())
        .onErrorResume(_ -> Mono.empty()) // a broken connection has no transaction any more
        .then(Mono.from(connection.close()));
  }

  /// Another node is doing it.
  public static final class Taken extends RuntimeException {
    private Taken() {
      super("another node is doing it", null, false, false);
    }
  }
}
