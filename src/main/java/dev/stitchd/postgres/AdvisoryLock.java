package dev.stitchd.postgres;

import java.util.UUID;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.function.Tuple2;

/// Work that one node at a time does, by an advisory lock of PostgreSQL; the numbers of all such
/// locks stand here, so that no two kinds of work share one. The lock belongs to a transaction, so
/// that it ends with its connection, whatever happens.
public final class AdvisoryLock {

  /// `stitchd` + 1, read as a number; any number would do that nobody else locks.
  private static final long MIGRATION = 0x73746974636864_01L;

  private static final long ROLLUPS = 0x73746974636864_02L;

  private static final long HISTORY = 0x73746974636864_05L;

  private static final long ERASURES = 0x73746974636864_07L;

  private static final String TRY = "SELECT pg_try_advisory_xact_lock($1) AS mine";

  private final Lender postgres;
  private final long number;

  private AdvisoryLock(Lender postgres, long number) {
    this.postgres = postgres;
    this.number = number;
  }

  /// For bringing ClickHouse's schema up to date.
  public static AdvisoryLock ofMigration(Lender postgres) {
    return new AdvisoryLock(postgres, MIGRATION);
  }

  /// For recomputing rollups.
  public static AdvisoryLock ofRollups(Lender postgres) {
    return new AdvisoryLock(postgres, ROLLUPS);
  }

  /// For shortening the log of what was published.
  public static AdvisoryLock ofHistory(Lender postgres) {
    return new AdvisoryLock(postgres, HISTORY);
  }

  /// For removing events from ClickHouse for good.
  public static AdvisoryLock ofErasures(Lender postgres) {
    return new AdvisoryLock(postgres, ERASURES);
  }

  /// For removing the rows of a deleted project or environment.
  ///
  /// @param deletion made by chance, so that no other lock has its number
  public static AdvisoryLock ofDeletion(Lender postgres, UUID deletion) {
    return new AdvisoryLock(
        postgres, deletion.getMostSignificantBits() ^ deletion.getLeastSignificantBits());
  }

  /// Runs `work` while holding the lock. Fails with [Taken] if another node holds it, and as `work`
  /// or PostgreSQL does, also when the connection that holds the lock is lost meanwhile.
  public Mono<Void> holding(Mono<Void> work) {
    return postgres.transaction(session ->
        session
            .begin()
            .then(Mono.defer(() -> tryLock(session)))
            .flatMap(locked -> locked ? held(session, work) : Mono.error(new Taken()))
            .then(session.rollback()));
  }

  private Mono<Boolean> tryLock(Session session) {
    return session.one(TRY, row -> Columns.bool(row, "mine"), number);
  }

  /// Says something on the connection as long as the work lasts: PostgreSQL ends a transaction that
  /// nothing is heard of, and whoever holds the lock has to know that it does. The last word is
  /// waited for, since a connection that is to be lent again owes no answer.
  private Mono<Void> held(Session session, Mono<Void> work) {
    var over = Sinks.<Void>empty();
    var alive =
        Flux.interval(postgres.heartbeat(), postgres.timer())
            .onBackpressureDrop()
            .takeUntilOther(over.asMono())
            .concatMap(_ -> session.checkAlive(), 1)
            .then(Mono.just(true));
    return Mono.zip(
            work.materialize().doOnNext(_ -> over.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST)),
            alive)
        .map(Tuple2::getT1)
        .dematerialize();
  }

  /// Another node is doing it.
  public static final class Taken extends RuntimeException {
    private Taken() {
      super("another node is doing it", null, false, false);
    }
  }
}
