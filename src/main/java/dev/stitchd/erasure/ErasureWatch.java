package dev.stitchd.erasure;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.background.Turns;
import dev.stitchd.erasure.ErasureRows.Open;
import dev.stitchd.warehouse.EventRemoval;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Looks how long erasures wait to be done, apart from the work itself, which may wait for a
/// mutation for as long as that takes. Says once that one has waited for too long, and what
/// ClickHouse is at.
@Component
final class ErasureWatch implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(ErasureWatch.class);

  private final ErasureRows rows;
  private final EventRemoval removal;
  private final ErasureSettings settings;
  private final Scheduler timer;

  private volatile Open open = Open.NONE;

  /// Touched by one turn at a time.
  private boolean told;

  ErasureWatch(
      ErasureRows rows,
      EventRemoval removal,
      ErasureSettings settings,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    this.rows = rows;
    this.removal = removal;
    this.settings = settings;
    this.timer = timer;
    Gauge.builder("stitchd.erasures.open", this, it -> it.open.count())
        .description("Erasures that are not done, of all nodes")
        .register(meters);
    Gauge.builder("stitchd.erasures.oldest", this, it -> it.open.oldest().toSeconds())
        .baseUnit("seconds")
        .description("How long the oldest erasure that is not done has waited")
        .register(meters);
  }

  @Override
  public Flux<Void> work() {
    return Turns.every(settings.check(), timer, this::turn);
  }

  @Override
  public String name() {
    return "watch of erasures";
  }

  @Override
  public String withoutIt() {
    return "nobody is told of erasures that are not done";
  }

  @Override
  public StartOrder order() {
    return StartOrder.REQUEST_WORK;
  }

  /// Fails never: that PostgreSQL does not answer is told by those who work with it.
  private Mono<Void> turn() {
    return rows.open().doOnNext(found -> open = found).flatMap(this::told).onErrorComplete();
  }

  private Mono<Void> told(Open found) {
    boolean overdue = found.oldest().compareTo(settings.overdue()) > 0;
    if (overdue == told) {
      return Mono.empty();
    }
    told = overdue;
    if (!overdue) {
      LOG.info("Erasures: none has waited for longer than {} any more", settings.overdue());
      return Mono.empty();
    }
    return removal
        .atWork()
        .defaultIfEmpty("ClickHouse has no mutation at work")
        .onErrorResume(failure -> Mono.just("ClickHouse does not say what it is at: " + failure))
        .doOnNext(work -> tell(found, work))
        .then();
  }

  private void tell(Open found, String work) {
    LOG.warn(
        "Erasures: {} are not done, the oldest for {} ({}); what is to be erased stays in ClickHouse until they are: see system.mutations for what holds them up, and end what cannot end by itself (KILL MUTATION)",
        found.count(),
        Duration.ofSeconds(found.oldest().toSeconds()),
        work);
  }
}
