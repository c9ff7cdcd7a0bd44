package dev.stitchd.warehouse;

import dev.stitchd.background.RunningJob;
import dev.stitchd.delivery.EventSink;
import dev.stitchd.dev.Patience;
import dev.stitchd.dev.StoreUrl;
import dev.stitchd.postgres.AdvisoryLock;
import dev.stitchd.postgres.Lender;
import dev.stitchd.warehouse.clickhouse.ClickHouseAddress;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.ClickHouseR2dbc;
import dev.stitchd.warehouse.clickhouse.ClickHouseSettingsTest;
import dev.stitchd.warehouse.clickhouse.WarehouseHealth;
import dev.stitchd.warehouse.clickhouse.WarehouseSettingsTest;
import dev.stitchd.warehouse.clickhouse.WarehouseState;
import dev.stitchd.warehouse.export.ClickHouseEventExport;
import dev.stitchd.warehouse.export.ExportMeters;
import dev.stitchd.warehouse.export.ExportSlots;
import dev.stitchd.warehouse.insert.ClickHouseEventSink;
import dev.stitchd.warehouse.query.AnalyticalQueries;
import dev.stitchd.warehouse.query.QueryPlaces;
import dev.stitchd.warehouse.query.QueryThreads;
import dev.stitchd.warehouse.removal.ClickHouseEventRemoval;
import dev.stitchd.warehouse.rollup.ClickHouseEvaluationStats;
import dev.stitchd.warehouse.rollup.ClickHouseExposures;
import dev.stitchd.warehouse.rollup.RolledHours;
import dev.stitchd.warehouse.rollup.Rollups;
import dev.stitchd.warehouse.schema.ClickHouseWatch;
import dev.stitchd.warehouse.schema.Retention;
import dev.stitchd.warehouse.schema.WarehouseMigration;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// The room, put together by hand on a ClickHouse and a PostgreSQL.
public final class Warehouse implements AutoCloseable {

  /// When rollups are made: all hours of [dev.stitchd.delivery.Events] are closed by then.
  public static final Instant NOW = Instant.parse("2026-10-20T00:30:00Z");

  private final Scheduler timer = Schedulers.newParallel("timer-test", 1, true);
  private final Scheduler blocking = QueryThreads.of(4, 100);
  private final WarehouseState state = new WarehouseState();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final StoreUrl store;
  private final RunningJob watch;
  private final EventSink sink;
  private final Rollups rollups;
  private final AnalyticalQueries queries;
  private final EvaluationStats stats;
  private final Exposures exposures;
  private final ClickHouseClient clickHouse;
  private final EventExport export;

  public Warehouse(String clickHouseUrl, ConnectionFactory postgres) {
    this(clickHouseUrl, postgres, Map.of());
  }

  public Warehouse(
      String clickHouseUrl, ConnectionFactory postgres, Map<String, String> properties) {
    store = StoreUrl.of(clickHouseUrl);
    var reached = new HashMap<>(properties);
    reached.put("stitchd.clickhouse.url", clickHouseUrl);
    var settings = ClickHouseSettingsTest.bind(reached);
    var address = ClickHouseAddress.parse(clickHouseUrl);
    clickHouse = new ClickHouseClient(address, settings, timer);
    sink = new ClickHouseEventSink(clickHouse, state);
    // events of tests have fixed times and must not grow too old for them
    var kept = new HashMap<>(properties);
    kept.putIfAbsent("stitchd.warehouse.events-ttl", "0");
    var warehouseSettings = WarehouseSettingsTest.bind(kept);
    var job =
        new ClickHouseWatch(
            clickHouse,
            state,
            new WarehouseMigration(clickHouse, blocking),
            new Retention(clickHouse, warehouseSettings),
            AdvisoryLock.ofMigration(new Lender(postgres, Duration.ofSeconds(10), timer)),
            settings,
            timer);
    rollups = new Rollups(clickHouse, warehouseSettings, Clock.fixed(NOW, ZoneOffset.UTC));
    queries =
        new AnalyticalQueries(
            new ClickHouseR2dbc(address, settings, blocking),
            new QueryPlaces(settings, timer, meters),
            state,
            settings,
            timer);
    stats =
        new ClickHouseEvaluationStats(
            queries, new RolledHours(queries), warehouseSettings.reopenedHours());
    exposures =
        new ClickHouseExposures(
            queries,
            new RolledHours(queries),
            warehouseSettings.reopenedHours(),
            warehouseSettings.exactUsers());
    var slots = new ExportSlots(warehouseSettings);
    export =
        new ClickHouseEventExport(
            queries, clickHouse, slots, new ExportMeters(slots, meters), warehouseSettings);
    watch = RunningJob.start(job, timer);
  }

  public static ConnectionFactory postgres(String url) {
    return ConnectionFactories.get(url.replaceFirst("^postgres(ql)?:", "r2dbc:postgresql:"));
  }

  public Warehouse awaitUp() {
    await(state::isUp, Duration.ofSeconds(30));
    return this;
  }

  public static void await(BooleanSupplier condition, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not within " + patience);
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  public WarehouseHealth health() {
    return state;
  }

  public EventSink sink() {
    return sink;
  }

  public EvaluationStats stats() {
    return stats;
  }

  public Exposures exposures() {
    return exposures;
  }

  public ClickHouseClient clickHouse() {
    return clickHouse;
  }

  public EventExport export() {
    return export;
  }

  /// One column of a Parquet file, as ClickHouse itself reads it.
  public List<String> ofParquet(byte[] file, String column) {
    return store.query(
        "SELECT %s FROM format(Parquet, unhex('%s'))"
            .formatted(column, HexFormat.of().formatHex(file)));
  }

  public AnalyticalQueries queries() {
    return queries;
  }

  /// Rolls up everything that is behind; answers how many rows that took.
  public long rollUp() {
    return rollups.since(Instant.EPOCH).blockOptional(Duration.ofSeconds(30)).orElseThrow();
  }

  /// As the lifecycle would before it rolls up.
  public Rollups.Behind behind() {
    return rollups.behind(Instant.EPOCH).blockOptional(Duration.ofSeconds(30)).orElseThrow();
  }

  /// Removes all of these; how many rows of each there were.
  public List<Long> remove(EventRemoval.Removal... removals) {
    var removed = new long[removals.length];
    for (var table : removedOf(removals)) {
      for (int i = 0; i < removed.length; i++) {
        removed[i] += table.get(i).rows();
      }
    }
    return Arrays.stream(removed).boxed().toList();
  }

  /// With few hours in one mutation, so that there are several.
  public EventRemoval removal() {
    return new ClickHouseEventRemoval(
        clickHouse, rollups, Duration.ofSeconds(60), Duration.ofMillis(20), 2, timer);
  }

  /// Removes all of these; of each table, what became of each.
  public List<List<EventRemoval.Removed>> removedOf(EventRemoval.Removal... removals) {
    return removal()
        .remove(List.of(removals))
        .collectList()
        .blockOptional(Duration.ofMinutes(3))
        .orElseThrow();
  }

  /// What became of exports.
  public SimpleMeterRegistry meters() {
    return meters;
  }

  public StoreUrl store() {
    return store;
  }

  /// The first column of the first row, as a number.
  public long number(String sql) {
    return Long.parseLong(store.query(sql).getFirst());
  }

  @Override
  public void close() {
    var stopped = new CountDownLatch(1);
    watch.stopped().doFinally(_ -> stopped.countDown()).subscribe();
    try {
      if (!stopped.await(Patience.SOON.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("did not stop");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    timer.dispose();
    blocking.dispose();
  }
}
