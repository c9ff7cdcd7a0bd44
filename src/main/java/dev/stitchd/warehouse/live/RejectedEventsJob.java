package dev.stitchd.warehouse.live;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.background.Turns;
import dev.stitchd.warehouse.clickhouse.ClickHouseClient;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Writes rejected events now and then, and sends watchers away before the web server stops, which
/// would otherwise wait for them.
final class RejectedEventsJob implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(RejectedEventsJob.class);

  private final ClickHouseLiveEvents live;
  private final RejectedEvents rejected;
  private final ClickHouseClient clickHouse;
  private final Duration every;
  private final Scheduler timer;

  RejectedEventsJob(
      ClickHouseLiveEvents live,
      RejectedEvents rejected,
      ClickHouseClient clickHouse,
      Duration every,
      Scheduler timer) {
    this.live = live;
    this.rejected = rejected;
    this.clickHouse = clickHouse;
    this.every = every;
    this.timer = timer;
  }

  @Override
  public String name() {
    return "rejected events";
  }

  @Override
  public String withoutIt() {
    return "rejected events are not shown";
  }

  @Override
  public StartOrder order() {
    return StartOrder.STREAM_DRAIN;
  }

  /// Never ends by itself: what fails is left out, and counted there.
  @Override
  public Flux<Void> work() {
    return Turns.every(
        every, timer, () -> rejected.write().onErrorResume(RejectedEventsJob::leftOut));
  }

  @Override
  public Mono<Void> drain() {
    return Mono.fromRunnable(live::end);
  }

  @Override
  public Mono<Void> close() {
    return clickHouse.close();
  }

  private static Mono<Void> leftOut(Throwable failure) {
    LOG.debug("Rejected events were not written: {}", failure.toString());
    return Mono.empty();
  }
}
