package dev.stitchd.delivery.spool;

import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.EventSink;
import dev.stitchd.delivery.queue.DeadLetterStore;
import dev.stitchd.delivery.queue.DeliverySettings;
import dev.stitchd.delivery.queue.EnvironmentCounts;
import dev.stitchd.delivery.queue.EventCounters;
import dev.stitchd.delivery.queue.MeasuredSink;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Carries what waits on disk to the sink: one batch after the other, in the order in which they
/// were spooled, each under its token until it is stored. When the sink takes the second one but
/// not the first, the first goes to the end, so that one that can never succeed holds nobody up,
/// and an outage leaves the order as it is, but for the second at most.
final class SpoolReplay {

  private static final Logger LOG = LoggerFactory.getLogger(SpoolReplay.class);

  /// How often an empty spool is looked at; costs one look into memory.
  private static final Duration IDLE = Duration.ofMillis(500);

  /// Failures of one batch after which another one finds out whether it is the batch or the sink.
  private static final int PATIENCE = 5;

  private static final Duration ALERT_EVERY = Duration.ofMinutes(1);

  private final FileSpool spool;
  private final MeasuredSink inserts;
  private final DeadLetterStore deadLetters;
  private final EventCounters counters;
  private final DeliverySettings settings;
  private final SpoolSettings spooling;
  private final Scheduler delivery;
  private final RandomGenerator random;
  private final Clock clock;

  /// Touched by the one step that runs.
  private int failures;

  private Instant alerted = Instant.EPOCH;

  /// From the first batch that the sink did not take until it answers again; null while it does.
  private @Nullable Instant outSince;

  /// Whether the log has said so.
  private boolean outageTold;

  SpoolReplay(
      FileSpool spool,
      MeasuredSink inserts,
      DeadLetterStore deadLetters,
      EventCounters counters,
      DeliverySettings settings,
      SpoolSettings spooling,
      Scheduler delivery,
      RandomGenerator random,
      Clock clock) {
    this.spool = spool;
    this.inserts = inserts;
    this.deadLetters = deadLetters;
    this.counters = counters;
    this.settings = settings;
    this.spooling = spooling;
    this.delivery = delivery;
    this.random = random;
    this.clock = clock;
  }

  /// Never ends by itself and never fails; runs on `delivery` and `disk`. Cancelled in the middle
  /// of a batch, it leaves the file, which is replayed after the next start.
  Mono<Void> run() {
    return Mono.defer(this::step).subscribeOn(delivery).repeat().then();
  }

  private Mono<Void> step() {
    var first = spool.first();
    if (first == null) {
      return Mono.delay(IDLE, delivery).then();
    }
    var second = first.failures > 0 && first.failures % PATIENCE == 0 ? spool.second() : null;
    return second == null ? attempt(first) : probe(first, second);
  }

  private Mono<Void> attempt(SpoolEntry first) {
    return replay(first).onErrorResume(failure -> rest(first, failure));
  }

  /// The first one gets another chance before it loses its place: maybe the sink came back between.
  private Mono<Void> probe(SpoolEntry first, SpoolEntry second) {
    first.failures++;
    return replay(second)
        .then(Mono.defer(() -> replay(first).doOnError(_ -> spool.last(first))))
        .onErrorResume(failure -> rest(second, failure));
  }

  private Mono<Void> replay(SpoolEntry spooled) {
    return spool
        .read(spooled)
        .flatMap(file -> deliver(spooled, file.batch()))
        .flatMap(dead -> spool.remove(spooled).doOnNext(_ -> settle(spooled, dead)))
        .onErrorResume(
            SpooledBatch.Damaged.class,
            damage -> spool.setAside(spooled, damage).doOnNext(this::lost))
        .then();
  }

  /// Emits which of the rows are dead once each is stored or dead.
  private Mono<EnvironmentCounts> deliver(SpoolEntry spooled, EncodedBatch batch) {
    return batch
        .settle(part -> store(part.batch()), (row, refusal) -> dead(spooled, row.batch(), refusal))
        .reduce(EnvironmentCounts.NONE, EnvironmentCounts::plus);
  }

  private Mono<EnvironmentCounts> store(EncodedBatch batch) {
    return inserts
        .attempt(batch)
        .publishOn(delivery)
        .doOnSuccess(_ -> sinkAnswers())
        .doOnError(SpoolReplay::isAnswer, _ -> sinkAnswers())
        .thenReturn(EnvironmentCounts.NONE);
  }

  /// Whether the sink itself is well.
  private static boolean isAnswer(Throwable failure) {
    return failure instanceof EventSink.Refused || failure instanceof EventSink.Untold;
  }

  /// It was acknowledged, so it must be kept somewhere before its file may go.
  private Mono<EnvironmentCounts> dead(
      SpoolEntry spooled, EncodedBatch row, EventSink.Refused refusal) {
    if (spooled.buried.contains(row.token())) {
      return Mono.just(EnvironmentCounts.of(row));
    }
    return deadLetters
        .bury(row, refusal.reason())
        .publishOn(delivery)
        .filter(kept -> kept)
        .switchIfEmpty(Mono.error(new EventSink.Unavailable("its dead letter is not kept yet")))
        .doOnNext(_ -> spooled.buried.add(row.token()))
        .thenReturn(EnvironmentCounts.of(row));
  }

  private void settle(SpoolEntry spooled, EnvironmentCounts dead) {
    failures = 0;
    counters.deadInSpool(dead);
    counters.replayed(spooled.counts.minus(dead));
  }

  private void lost(SpoolEntry spooled) {
    counters.deadInSpool(spooled.counts);
  }

  private Mono<Void> rest(SpoolEntry spooled, Throwable failure) {
    failures++;
    spooled.failures++;
    if (failure instanceof EventSink.Untold) {
      alertIfOld("PostgreSQL");
      tellUntold(spooled, failure);
    } else {
      alertIfOld("ClickHouse");
      tellOutage(spooled, failure);
    }
    return Mono.delay(pause(), delivery).then();
  }

  private void tellUntold(SpoolEntry spooled, Throwable failure) {
    if (failures == 1 || failures % 20 == 0) {
      LOG.warn(
          "Spool replay: {} is not settled (attempt {}: {}); it stays on disk and is tried again, new batches go to ClickHouse: bring PostgreSQL back",
          spooled.file,
          failures,
          EventSink.Failure.reason(failure));
    }
  }

  /// Once, and not before it has lasted: ClickHouse may be slow for a moment, or start after this
  /// node.
  private void tellOutage(SpoolEntry spooled, Throwable failure) {
    var now = clock.instant();
    var since = outSince == null ? now : outSince;
    outSince = since;
    var lasted = Duration.between(since, now);
    if (!outageTold && lasted.compareTo(spooling.outage()) >= 0) {
      outageTold = true;
      LOG.warn(
          "Spool replay: ClickHouse has not taken {} for {} s ({}); batches that it does not take are kept on disk, acknowledged, and tried again: bring ClickHouse back",
          spooled.file,
          lasted.toSeconds(),
          EventSink.Failure.reason(failure));
    }
  }

  /// The sink has spoken, so it may be asked first again.
  private void sinkAnswers() {
    spool.sinkAnswers();
    outSince = null;
    if (outageTold) {
      outageTold = false;
      LOG.info(
          "Spool replay: ClickHouse takes batches again; {} wait on disk and are replayed",
          spool.files());
    }
  }

  /// Between half and all of a time that doubles with every failure in a row.
  private Duration pause() {
    long least = settings.retryMin().toMillis();
    long whole = Math.min(settings.retryMax().toMillis(), least << Math.min(failures - 1, 20));
    return Duration.ofMillis(whole / 2 + random.nextLong(whole / 2 + 1));
  }

  /// @param out what has to come back
  private void alertIfOld(String out) {
    var now = clock.instant();
    double age = spool.age();
    if (age > spooling.old().toSeconds() && alerted.plus(ALERT_EVERY).isBefore(now)) {
      alerted = now;
      LOG.warn(
          "Spool replay: the oldest batch on disk has waited for {} s; {} wait and take {} of {} bytes, after which events are refused: bring {} back or give the spool more room",
          (long) age,
          spool.files(),
          spool.bytes(),
          spool.capacity(),
          out);
    }
  }
}
