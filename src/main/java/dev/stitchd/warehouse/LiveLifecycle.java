package dev.stitchd.warehouse;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Writes rejected events now and then, and sends watchers away before the web server stops, which
/// would otherwise wait for them.
final class LiveLifecycle implements SmartLifecycle {

  /// As the drain of the streams: before the web server's graceful shutdown.
  private static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 512;

  private static final Logger LOG = LoggerFactory.getLogger(LiveLifecycle.class);

  private final ClickHouseLiveEvents live;
  private final RejectedEvents rejected;
  private final ClickHouseClient clickHouse;
  private final Duration every;
  private final Scheduler timer;
  private final AtomicReference<@Nullable Disposable> running = new AtomicReference<>();

  LiveLifecycle(
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
  public void start() {
    running.set(
        writing().subscribe(_ -> {}, e -> LOG.error("Rejected events are not shown any more", e)));
  }

  /// Never ends by itself: what fails is left out, and counted there.
  private Flux<Void> writing() {
    return Flux.interval(every, timer)
        .onBackpressureDrop()
        .concatMap(_ -> rejected.write().onErrorResume(LiveLifecycle::leftOut), 1);
  }

  private static Mono<Void> leftOut(Throwable failure) {
    LOG.debug("Rejected events were not written: {}", failure.toString());
    return Mono.empty();
  }

  @Override
  public void stop(Runnable callback) {
    live.end();
    var writing = running.getAndSet(null);
    if (writing != null) {
      writing.dispose();
    }
    var closing = clickHouse.close().onErrorComplete().doFinally(_ -> callback.run()).subscribe();
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
