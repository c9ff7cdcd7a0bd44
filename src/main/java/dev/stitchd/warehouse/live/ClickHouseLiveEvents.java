package dev.stitchd.warehouse.live;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.warehouse.LiveEvents;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import dev.stitchd.warehouse.clickhouse.ClickHouseStatement;
import dev.stitchd.warehouse.clickhouse.WarehouseHealth;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/// Asks ClickHouse for the newest rows, again and again, while somebody watches.
final class ClickHouseLiveEvents implements LiveEvents {

  private static final Duration RECONNECT_AFTER = Duration.ofSeconds(2);

  private final ClickHouseClient clickHouse;
  private final WarehouseHealth health;
  private final LiveSettings settings;
  private final Clock clock;
  private final Scheduler timer;
  private final AtomicInteger watchers = new AtomicInteger();
  private final Sinks.Empty<Void> closing = Sinks.empty();

  ClickHouseLiveEvents(
      ClickHouseClient clickHouse,
      WarehouseHealth health,
      LiveSettings settings,
      Clock clock,
      Scheduler timer) {
    this.clickHouse = clickHouse;
    this.health = health;
    this.settings = settings;
    this.clock = clock;
    this.timer = timer;
  }

  @Override
  public Flux<Item> watch(EnvironmentId environment, Filter filter, Mono<Void> deleted) {
    return Flux.using(
        this::enter,
        _ ->
            Flux.merge(
                    1,
                    items(environment, filter, new LiveWatch(settings, clock.instant())),
                    goodbye(deleted))
                .takeUntil(Item.Goodbye.class::isInstance),
        _ -> watchers.decrementAndGet());
  }

  private Mono<Item.Goodbye> goodbye(Mono<Void> deleted) {
    return Mono.firstWithSignal(
        closing.asMono().thenReturn(new Item.Goodbye("draining", RECONNECT_AFTER)),
        deleted.thenReturn(new Item.Goodbye("environment-deleted", null)),
        Mono.delay(settings.longest(), timer)
            .thenReturn(new Item.Goodbye("maximum-age", RECONNECT_AFTER)));
  }

  private Integer enter() {
    int now = watchers.incrementAndGet();
    if (now > settings.watchers()) {
      watchers.decrementAndGet();
      throw new Problem.TooMany(
          "this node shows events live to " + settings.watchers() + " watchers already",
          RECONNECT_AFTER);
    }
    return now;
  }

  int watchers() {
    return watchers.get();
  }

  /// A poll that is due while another runs, or while the watcher is slow, is left out.
  private Flux<Item> items(EnvironmentId environment, Filter filter, LiveWatch watch) {
    var sql = LiveRows.sql(filter);
    return Flux.interval(Duration.ZERO, settings.poll(), timer)
        .onBackpressureDrop()
        .concatMap(_ -> poll(environment, filter, sql, watch), 1)
        .concatMapIterable(news -> news, 1)
        .startWith(new Item.Quiet()); // so that the answer's head leaves at once
  }

  private Mono<List<Item>> poll(
      EnvironmentId environment, Filter filter, String sql, LiveWatch watch) {
    if (sql.isEmpty()) {
      return Mono.fromSupplier(() -> watch.news("", clock.instant()));
    }
    if (!health.isUp()) {
      return Mono.fromSupplier(() -> watch.failed(health.detail(), clock.instant()));
    }
    var since = clock.instant().minus(settings.lookback());
    var parameters = LiveRows.parameters(environment, filter, since, settings.rows());
    return clickHouse
        .ask(ClickHouseStatement.of(sql).within(LiveRows.LIMITS).with(parameters))
        .map(answer -> watch.news(answer, clock.instant()))
        .onErrorResume(_ ->
            Mono.fromSupplier(
                () -> watch.failed("ClickHouse did not answer in time", clock.instant())));
  }

  /// Says goodbye to everybody.
  void end() {
    // Only the first end counts.
    var _ = closing.tryEmitEmpty();
  }
}
