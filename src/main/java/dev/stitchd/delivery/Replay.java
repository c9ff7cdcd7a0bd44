package dev.stitchd.delivery;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Carries what waits on disk to the sink: one batch after the other, in the order in which they
/// were spooled, each under its token until it is stored. When the sink takes the second one but
/// not the first, the first goes to the end, so that one that can never succeed holds nobody up,
/// and an outage leaves the order as it is, but for the second at most.
final class Replay {

  private static final Logger LOG = LoggerFactory.getLogger(Replay.class);

  /// How often an empty spool is looked at; costs one look into memory.
  private static final Duration IDLE = Duration.ofMillis(100);

  /// Failures of one batch after which another one finds out whether it is the batch or the sink.
  private static final int PATIENCE = 5;

  private static final Duration ALERT_EVERY = Duration.ofMinutes(1);

  private final FileSpool spool;
  private final Inserts inserts;
  private final Cemetery cemetery;
  private final Account account;
  private final DeliverySettings settings;
  private final Duration old;
  private final Scheduler delivery;
  private final RandomGenerator random;
  private final Clock clock;

  /// Touched by the one step that runs.
  private int failures;

  private Instant alerted = Instant.EPOCH;

  Replay(
      FileSpool spool,
      Inserts inserts,
      Cemetery cemetery,
      Account account,
      DeliverySettings settings,
      Duration old,
      Scheduler delivery,
      RandomGenerator random,
      Clock clock) {
    this.spool = spool;
    this.inserts = inserts;
    this.cemetery = cemetery;
    this.account = account;
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

  private Mono<Void> attempt(Spooled first) {
    return replay(first).onErrorResume(failure -> rest(first, failure));
  }

  /// The first one gets another chance before it loses its place: maybe the sink came back between.
  private Mono<Void> probe(Spooled first, Spooled second) {
    first.failures++;
    return replay(second)
        .then(Mono.defer(() -> replay(first).doOnError(_ -> spool.last(first))))
        .onErrorResume(failure -> rest(second, failure));
  }

  private Mono<Void> replay(Spooled spooled) {
    return spool
        .read(spooled)
        .flatMap(file -> deliver(spooled, file.parcel()))
        .flatMap(dead -> spool.remove(spooled).doOnNext(_ -> settle(spooled, dead)))
        .onErrorResume(
            ParcelFile.Damaged.class,
            damage -> spool.setAside(spooled, damage).doOnNext(this::lost))
        .then();
  }

  /// Emits which of the rows are dead once each is stored or dead.
  private Mono<Census> deliver(Spooled spooled, Parcel parcel) {
    return inserts
        .attempt(parcel)
        .publishOn(delivery)
        .doOnSuccess(_ -> spool.sinkAnswers())
        .thenReturn(Census.NOBODY)
        .onErrorResume(EventSink.Refused.class, refusal -> isolate(spooled, parcel, refusal));
  }

  private Mono<Census> isolate(Spooled spooled, Parcel parcel, EventSink.Refused refusal) {
    spool.sinkAnswers();
    if (parcel.single()) {
      return bury(spooled, parcel, Reason.of(refusal)).thenReturn(Census.of(parcel));
    }
    return Flux.fromIterable(parcel.halves())
        .concatMap(half -> deliver(spooled, half))
        .reduce(Census.NOBODY, Census::plus);
  }

  /// It was acknowledged, so it must be kept somewhere before its file may go.
  private Mono<Boolean> bury(Spooled spooled, Parcel row, String reason) {
    if (spooled.buried.contains(row.token())) {
      return Mono.just(true);
    }
    return cemetery
        .bury(row, reason)
        .publishOn(delivery)
        .filter(buried -> buried)
        .switchIfEmpty(Mono.error(new EventSink.Unavailable("its dead letter is not kept yet")))
        .doOnNext(_ -> spooled.buried.add(row.token()));
  }

  private void settle(Spooled spooled, Census dead) {
    failures = 0;
    account.deadInSpool(dead);
    account.replayed(spooled.census.minus(dead));
  }

  private void lost(Spooled spooled) {
    account.deadInSpool(spooled.census);
  }

  private Mono<Void> rest(Spooled spooled, Throwable failure) {
    alertIfOld();
    failures++;
    spooled.failures++;
    if (failures == 1 || failures % 20 == 0) {
      LOG.warn("{} waits on disk, attempt {}: {}", spooled.file, failures, Reason.of(failure));
    }
    return Mono.delay(pause(), delivery).then();
  }

  /// Between half and all of a time that doubles with every failure in a row.
  private Duration pause() {
    long least = settings.retryMin().toMillis();
    long whole = Math.min(settings.retryMax().toMillis(), least << Math.min(failures - 1, 20));
    return Duration.ofMillis(whole / 2 + random.nextLong(whole / 2 + 1));
  }

  private void alertIfOld() {
    var now = clock.instant();
    double age = spool.age();
    if (age > old.toSeconds() && alerted.plus(ALERT_EVERY).isBefore(now)) {
      alerted = now;
      LOG.warn(
          "The oldest batch on disk has waited for {} s; {} wait, {} of {} bytes are taken",
          (long) age,
          spool.files(),
          spool.bytes(),
          spool.capacity());
    }
  }
}
