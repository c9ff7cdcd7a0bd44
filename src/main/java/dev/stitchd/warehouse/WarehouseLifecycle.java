package dev.stitchd.warehouse;

import dev.stitchd.postgres.AdvisoryLock;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Watches ClickHouse for as long as the server runs, and brings its schema up to date when it
/// appears, be that before this server or long after.
final class WarehouseLifecycle implements SmartLifecycle {

  /// Stops after the deliveries have drained.
  static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 8192;

  private static final Logger LOG = LoggerFactory.getLogger(WarehouseLifecycle.class);
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(2);

  private final ClickHouseClient clickHouse;
  private final WarehouseState state;
  private final WarehouseMigration migration;
  private final Retention retention;
  private final AdvisoryLock lock;
  private final ClickHouseSettings settings;
  private final Scheduler timer;
  private final AtomicReference<@Nullable Disposable> running = new AtomicReference<>();

  /// How many looks to skip before the next attempt to migrate. Only the watch, which looks once at
  /// a time, touches these two.
  private int pause;

  private int failures;

  WarehouseLifecycle(
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
  public void start() {
    running.set(watch().subscribe(_ -> {}, e -> LOG.error("ClickHouse is not watched", e)));
  }

  /// Never ends by itself: a look that is due while another still runs is left out.
  private Flux<Void> watch() {
    return Flux.interval(Duration.ZERO, settings.pingInterval(), timer)
        .onBackpressureDrop()
        .concatMap(_ -> look(), 1);
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
        .doOnError(AdvisoryLock.Taken.class, e -> LOG.info("ClickHouse waits: {}", e.getMessage()))
        .doOnError(e -> !(e instanceof AdvisoryLock.Taken), this::notMigrated);
  }

  private Mono<Void> migrate() {
    return clickHouse
        .createDatabase()
        .onErrorResume(this::maybeItIsThere)
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
    LOG.info("ClickHouse's schema is up to date");
  }

  private void notMigrated(Throwable failure) {
    failures++;
    long looks = settings.migrationRetryMax().dividedBy(settings.pingInterval());
    pause = (int) Math.min(Math.max(0, looks - 1), (1L << Math.min(failures - 1, 20)) - 1);
    var reason = firstLine(failure);
    state.lacksSchema(reason);
    LOG.warn("ClickHouse's schema could not be brought up to date: {}", reason);
  }

  private static String firstLine(Throwable failure) {
    var root = failure;
    for (var cause = root.getCause(); cause != null; cause = root.getCause()) {
      root = cause;
    }
    return String.valueOf(root.getMessage())
        .lines()
        .filter(line -> !line.isBlank())
        .findFirst()
        .orElse(root.getClass().getSimpleName());
  }

  @Override
  public void stop(Runnable callback) {
    var watching = running.getAndSet(null);
    if (watching != null) {
      watching.dispose();
    }
    var closing =
        clickHouse
            .close()
            .timeout(CLOSE_PATIENCE, timer)
            .onErrorResume(TimeoutException.class, _ -> Mono.empty())
            .doFinally(_ -> callback.run())
            .subscribe();
    LOG.debug("Closing connections to ClickHouse: {}", closing);
  }

  @Override
  public void stop() {
    stop(() -> {});
  }

  @Override
  public boolean isRunning() {
    return running.get() != null;
  }

  @Override
  public int getPhase() {
    return PHASE;
  }
}
