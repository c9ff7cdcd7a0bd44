package dev.stitchd.warehouse.schema;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.background.Turns;
import dev.stitchd.kernel.RootCause;
import dev.stitchd.postgres.AdvisoryLock;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.ClickHouseSettings;
import dev.stitchd.warehouse.clickhouse.WarehouseState;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Watches ClickHouse for as long as the server runs, and brings its schema up to date when it
/// appears, be that before this server or long after.
public final class ClickHouseWatch implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(ClickHouseWatch.class);
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(2);

  private final ClickHouseClient clickHouse;
  private final WarehouseState state;
  private final WarehouseMigration migration;
  private final Retention retention;
  private final AdvisoryLock lock;
  private final ClickHouseSettings settings;
  private final Scheduler timer;

  /// How many looks to skip before the next attempt to migrate. Only the watch, which looks once at
  /// a time, touches these two.
  private int pause;

  private int failures;

  public ClickHouseWatch(
      ClickHouseClient clickHouse,
      WarehouseState state,
      WarehouseMigration migration,
      Retention retention,
      AdvisoryLock lock,
      ClickHouseSettings settings,
      Scheduler timer) {
    this.clickHouse = clickHouse;
    this.state = state;
    this.migration = migration;
    this.retention = retention;
    this.lock = lock;
    this.settings = settings;
    this.timer = timer;
  }

  @Override
  public String name() {
    return "clickhouse watch";
  }

  @Override
  public String withoutIt() {
    return "nobody notices whether ClickHouse answers";
  }

  @Override
  public StartOrder order() {
    return StartOrder.CLICKHOUSE;
  }

  /// Never ends by itself: a look that is due while another still runs is left out.
  @Override
  public Flux<Void> work() {
    return Turns.nowAndEvery(settings.pingInterval(), timer, this::look);
  }

  @Override
  public Mono<Void> close() {
    return clickHouse
        .close()
        .timeout(CLOSE_PATIENCE, timer)
        .onErrorResume(TimeoutException.class, _ -> Mono.empty());
  }

  private Mono<Void> look() {
    return clickHouse
        .ping()
        .doOnSuccess(_ -> state.answers())
        .doOnError(e -> state.doesNotAnswer(String.valueOf(e.getMessage())))
        .then(Mono.defer(this::migrateIfDue))
        .onErrorComplete(); // the state has it
  }

  private Mono<Void> migrateIfDue() {
    if (state.hasSchema()) {
      return Mono.empty();
    }
    if (pause > 0) {
      pause--;
      return Mono.empty();
    }
    return lock.holding(migrate())
        .doOnSuccess(_ -> migrated())
        .doOnError(
            AdvisoryLock.Taken.class,
            e -> LOG.info("ClickHouse schema: {}; this node waits for it", e.getMessage()))
        .doOnError(e -> !(e instanceof AdvisoryLock.Taken), this::notMigrated);
  }

  private Mono<Void> migrate() {
    return clickHouse
        .servers()
        .concatMap(one -> one.createDatabase().onErrorResume(this::maybeItIsThere))
        .then(migration.run())
        .then(Mono.defer(retention::apply));
  }

  /// Who may not make databases may still use one.
  private Mono<Void> maybeItIsThere(Throwable failure) {
    LOG.debug("The database was not made: {}", failure.getMessage());
    return Mono.empty();
  }

  private void migrated() {
    failures = 0;
    state.migrated();
    LOG.info("ClickHouse schema: it is up to date");
  }

  private void notMigrated(Throwable failure) {
    failures++;
    long looks = settings.migrationRetryMax().dividedBy(settings.pingInterval());
    pause = (int) Math.min(Math.max(0, looks - 1), (1L << Math.min(failures - 1, 20)) - 1);
    var reason = RootCause.of(failure);
    state.lacksSchema(reason);
    LOG.warn(
        "ClickHouse schema: it could not be brought up to date ({}); events go to the spool and queries get 503 until it is, and it is tried again: see that ClickHouse answers and that its user may create tables",
        reason);
  }
}
