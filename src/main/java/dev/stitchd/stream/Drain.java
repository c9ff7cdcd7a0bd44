package dev.stitchd.stream;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.Draining;
import dev.stitchd.background.StartOrder;
import dev.stitchd.kernel.Problem;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// The orderly end: open streams are told goodbye one after the other, spread evenly over the drain
/// time, and no new ones are accepted. Stops before the web server does, which would otherwise wait
/// for streams that never end by themselves.
final class Drain implements BackgroundJob {

  /// How long clients that do not even take their goodbye are waited for.
  private static final Duration GRACE = Duration.ofSeconds(1);

  private static final Duration LOOK = Duration.ofMillis(50);
  private static final Logger LOG = LoggerFactory.getLogger(Drain.class);

  private final StreamLimits limits;
  private final StreamEngine engine;
  private final Draining draining;
  private final Jitter jitter;
  private final StreamMeters meters;
  private final Scheduler timer;

  Drain(
      StreamLimits limits,
      StreamEngine engine,
      Draining draining,
      Jitter jitter,
      StreamMeters meters,
      Scheduler timer) {
    this.limits = limits;
    this.engine = engine;
    this.draining = draining;
    this.jitter = jitter;
    this.meters = meters;
    this.timer = timer;
  }

  /// Refuses what would have to be ended at once.
  ///
  /// @throws Problem.Unavailable while draining
  void refuseIfDraining() {
    if (draining.hasBegun()) {
      meters.refused("draining");
      throw new Problem.Unavailable("this node is shutting down", jitter.retry());
    }
  }

  /// Completes when the end begins; until then nothing.
  Mono<Void> begun() {
    return draining.begun();
  }

  /// Over how long the goodbyes are spread.
  Duration time() {
    return draining.time();
  }

  private Mono<Long> lastMoment(Duration time) {
    return Mono.delay(time.plus(GRACE), timer);
  }

  @Override
  public String name() {
    return "stream drain";
  }

  @Override
  public String withoutIt() {
    return "streams end without a goodbye";
  }

  @Override
  public StartOrder order() {
    return StartOrder.STREAM_DRAIN;
  }

  @Override
  public Mono<Void> drain() {
    return Mono.defer(() -> {
      var time = draining.time();
      int open = limits.open();
      LOG.info("Streams: the node drains; {} streams are told goodbye within {}", open, time);
      draining.begin();
      engine.drain(time);
      return Flux.interval(Duration.ZERO, LOOK, timer)
          .takeUntil(_ -> limits.open() == 0)
          .then()
          .takeUntilOther(lastMoment(time).doOnNext(_ -> engine.cut()).then(Mono.never()))
          .timeout(time.plus(GRACE).plus(GRACE), Mono.empty(), timer)
          .doFinally(_ ->
              LOG.info(
                  "Streams: drained; {} streams are left and closed with their connections",
                  limits.open()));
    });
  }
}
