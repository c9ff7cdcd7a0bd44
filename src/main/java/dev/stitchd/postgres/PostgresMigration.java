package dev.stitchd.postgres;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.disk.StateFiles;
import dev.stitchd.kernel.RootCause;
import dev.stitchd.kernel.StartFailure;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.output.MigrateResult;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.retry.Retry;

/// Brings PostgreSQL's schema up to date before anything else starts. Blocks the starting thread,
/// which is no event loop; Flyway takes a lock, so several nodes may start at once.
///
/// If PostgreSQL does not answer and there are snapshots on disk, the start goes on with them, and
/// the schema is brought up to date when PostgreSQL appears, on a thread named `migration`.
@Component
final class PostgresMigration implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(PostgresMigration.class);

  /// How a pooler refuses what it is told by the driver.
  private static final String REFUSED = "08P01";

  private static final Duration RETRY = Duration.ofSeconds(1);

  private final PostgresAddress address;
  private final PostgresSettings settings;
  private final SchemaGate gate;
  private final StateFiles kept;
  private final Scheduler timer;
  private final boolean rehearsal;

  private volatile boolean migrated;

  /// The failure that was told last; touched by one attempt at a time.
  private @Nullable String told;

  PostgresMigration(
      PostgresAddress address,
      PostgresSettings settings,
      SchemaGate postgresGate,
      StateFiles kept,
      @Qualifier("timer") Scheduler timer,
      @Value("${stitchd.rehearsal:false}") boolean rehearsal) {
    this.address = address;
    this.settings = settings;
    this.gate = postgresGate;
    this.kept = kept;
    this.timer = timer;
    this.rehearsal = rehearsal;
  }

  @Override
  public void prepare() {
    boolean mayWait = !rehearsal && !kept.holdSnapshots();
    long end = System.nanoTime() + (mayWait ? settings.startWait().toNanos() : 0);
    while (!goesOn(mayWait, end)) {
      pause();
    }
  }

  /// One attempt.
  ///
  /// @return whether the start goes on, with PostgreSQL or without it
  /// @throws StartFailure if it must not
  private boolean goesOn(boolean mayWait, long end) {
    try {
      migrate();
      return true;
    } catch (FlywayException e) {
      if (!isUnreachable(e) || (mayWait && System.nanoTime() >= end)) {
        throw failure(e);
      }
      if (!mayWait) {
        LOG.warn(
            "PostgreSQL schema: {} does not answer ({}); this node starts with the snapshots on disk and brings the schema up to date when it answers",
            address,
            RootCause.of(e));
      } else if (told == null) {
        told = RootCause.of(e);
        LOG.warn(
            "PostgreSQL schema: {} does not answer ({}); this node has no snapshots on disk and waits for it for up to {}",
            address,
            told,
            settings.startWait());
      }
      return !mayWait;
    }
  }

  /// Waits without a limit of its own, since the framework interrupts such a start, and only such a
  /// one, when the process is told to stop.
  private void pause() {
    var over = new CountDownLatch(1);
    var _ = timer.schedule(over::countDown, RETRY.toMillis(), TimeUnit.MILLISECONDS);
    try {
      over.await();
    } catch (InterruptedException e) { // heeded: what was made already is put away without it
      throw new StartFailure("The start was ended while it waited for PostgreSQL.", e);
    }
  }

  /// What could not be done before the start went on, as often as it takes.
  @Override
  public Mono<Void> work() {
    return migrated ? Mono.empty() : migrateLater();
  }

  private Mono<Void> migrateLater() {
    var thread = Schedulers.newBoundedElastic(1, 1, "migration");
    return Mono.<Void>fromRunnable(this::migrate)
        .subscribeOn(thread)
        .doOnError(this::notYet)
        .retryWhen(Retry.fixedDelay(Long.MAX_VALUE, RETRY).scheduler(timer))
        .doFinally(_ -> thread.dispose());
  }

  @Override
  public String name() {
    return "PostgreSQL schema";
  }

  @Override
  public String withoutIt() {
    return "PostgreSQL is not used";
  }

  @Override
  public StartOrder order() {
    return StartOrder.SCHEMA;
  }

  /// The schema's lock belongs to a connection, so it is brought up to date past poolers; then both
  /// roles are asked for on the way that serves.
  private void migrate() {
    var direct = settings.direct();
    var result =
        migrated(
            Flyway.configure()
                .dataSource(direct.jdbcUrl(), direct.user(), direct.password())
                .initSql(RoleRows.OWNER)
                .locations("classpath:db/migration/postgresql")
                .callbacks(new SchemaRows(settings.lockTimeout()))
                .lockRetryCount(Math.toIntExact(settings.migrationWait().toSeconds()))
                .load());
    LOG.info(
        "PostgreSQL schema: {} is at version {}",
        address,
        result.targetSchemaVersion == null
            ? result.initialSchemaVersion
            : result.targetSchemaVersion);
    rightsOfOlderNodes(direct);
    RoleRows.mustBeHad(address, DatabaseRole.MANAGEMENT, DatabaseRole.READER);
    migrated = true;
    gate.open();
  }

  private void rightsOfOlderNodes(PostgresAddress owner) {
    if (RoleRows.rightsOfOlderNodes(owner, settings.olderNodes())) {
      LOG.info(
          settings.olderNodes()
              ? "PostgreSQL schema: {} serves nodes of before version 19 too, so the SDK plane may read all environments' rows; start a node without STITCHD_POSTGRES_OLDER_NODES when they are gone"
              : "PostgreSQL schema: {} no longer serves nodes of before version 19; the SDK plane reads nothing but of the environment or key that it names",
          address);
    } else if (settings.olderNodes()) {
      LOG.warn(
          "PostgreSQL schema: STITCHD_POSTGRES_OLDER_NODES is set, so the SDK plane of {} may read all environments' rows; start a node without it when older nodes are gone",
          address);
    }
  }

  /// As often as a migration does not get its locks, which leaves the schema as it was.
  private MigrateResult migrated(Flyway flyway) {
    long end = System.nanoTime() + settings.migrationWait().toNanos();
    for (boolean first = true; ; first = false) {
      try {
        return flyway.migrate();
      } catch (FlywayException e) {
        if (!SchemaRows.isLockNotHad(sqlState(e))) {
          throw e;
        }
        if (System.nanoTime() >= end) {
          throw new StartFailure(
              "PostgreSQL at "
                  + address
                  + " could not be brought up to date: a migration waits for a lock that another session holds, and did not get it within "
                  + settings.migrationWait()
                  + ": end that session (pg_stat_activity and pg_locks show it; often it is a backup), or set STITCHD_POSTGRES_MIGRATION_WAIT to a longer time. The schema is as it was ("
                  + RootCause.of(e)
                  + ").",
              e);
        }
        if (first) {
          LOG.warn(
              "PostgreSQL schema: a migration of {} waits for a lock that another session holds; it is tried again for up to {}: see pg_stat_activity and pg_locks for sessions that hold one for long, as backups do",
              address,
              settings.migrationWait());
        }
        // so that those who waited behind it have their turn
        pause();
      }
    }
  }

  /// Absence is expected; anything else is told, once.
  private void notYet(Throwable failure) {
    var reason = RootCause.of(failure);
    if (!isUnreachable(failure) && !reason.equals(told)) {
      LOG.error(
          "PostgreSQL schema: {} could not be brought up to date ({}); this node serves the snapshots on disk and tries again: see that its user owns the database and may create roles",
          address,
          reason);
      told = reason;
    }
  }

  private StartFailure failure(FlywayException e) {
    return new StartFailure(
        "PostgreSQL at "
            + address
            + " could not be brought up to date: check that it is reachable, that STITCHD_POSTGRES_URL's user owns the database and may create roles ("
            + RootCause.of(e)
            + ").",
        e);
  }

  /// Connection failures (class 08), and a PostgreSQL that is starting or stopping.
  private static boolean isUnreachable(Throwable failure) {
    var state = sqlState(failure);
    return (state.startsWith("08") && !state.equals(REFUSED)) || state.startsWith("57P");
  }

  /// What PostgreSQL or its driver calls a failure; empty if it has nothing to do with them.
  private static String sqlState(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return sql.getSQLState();
      }
    }
    return "";
  }
}
