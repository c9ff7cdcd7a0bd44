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
  private final Duration old;
  private final Scheduler delivery;
  private final RandomGenerator random;
  private final Clock clock;

  /// Touched by the one step that runs.
  private int failures;

  private Instant alerted = Instant.EPOCH;

  SpoolReplay(
      FileSpool spool,
      MeasuredSink inserts,
      DeadLetterStore deadLetters,
      EventCounters counters,
      DeliverySettings settings,
      Duration old,
      Scheduler delivery,
      RandomGenerator random,
      Clock clock) {
    this.spool = spool;
    this.inserts = inserts;
    this.deadLetters = deadLetters;
    this.counters = counters;
    this.settings = settings;
    this.old = old;
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
        .doOnSuccess(_ -> spool.sinkAnswers())
        .doOnError(SpoolReplay::isAnswer, _ -> spool.sinkAnswers())
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
    boolean untold = failure instanceof EventSink.Untold;
    alertIfOld(untold ? "PostgreSQL" : "ClickHouse");
    failures++;
    spooled.failures++;
    if (failures == 1 || failures % 20 == 0) {
      LOG.warn(
          untold
              ? "Spool replay: {} is not settled (attempt {}: {}); it stays on disk and is tried again, new batches go to ClickHouse: bring PostgreSQL back"
              : "Spool replay: {} could not be stored (attempt {}: {}); it stays on disk and is tried again",
          spooled.file,
          failures,
          EventSink.Failure.reason(failure));
    }
    return Mono.delay(pause(), delivery).then();
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
    if (age > old.toSeconds() && alerted.plus(ALERT_EVERY).isBefore(now)) {
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
