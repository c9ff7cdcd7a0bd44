package dev.stitchd.delivery.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.background.RunningJob;
import dev.stitchd.delivery.Admission;
import dev.stitchd.delivery.EncodedBatch;
import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.Events;
import dev.stitchd.delivery.InMemoryEventSink;
import dev.stitchd.kernel.EnvironmentId;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/// The way from the queue to a scripted sink, in virtual time: 100 events of room, batches of 10
/// after at most 250 ms, two inserts at once, an answer within 10 s.
class DeliveryTest {

  private static final Duration WAIT = Duration.ofMillis(250);

  private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final InMemoryEventSink sink = new InMemoryEventSink();
  private final DeliverySettings settings =
      DeliverySettingsTest.bind(
          Map.of(
              "stitchd.events.queue-events", "100",
              "stitchd.events.batch-rows", "10",
              "stitchd.events.inserts-in-flight", "2"));
  private final EventCounters account = new EventCounters(settings, meters);
  private final SinkEventQueue queue = new SinkEventQueue(settings, account, time, new Random(1));
  private final AtomicInteger tokens = new AtomicInteger();
  private final EnvironmentId environment = Events.environment();
  private final List<String> graves = new ArrayList<>();
  private Spool spool = Spool.none();
  private DeliveryJob delivery = delivery();
  private RunningJob running;

  private DeliveryJob delivery() {
    return new DeliveryJob(
        queue,
        new BatchWriter(
            sink,
            new MeasuredSink(sink, meters),
            batch -> spool.take(batch),
            (row, reason) -> Mono.fromSupplier(() -> graves.add(row.id(0) + " " + reason)),
            account,
            settings,
            time),
        account,
        settings,
        time,
        () -> "t" + tokens.incrementAndGet());
  }

  private void start() {
    running = RunningJob.start(delivery, time);
  }

  @AfterEach
  void nothingIsUnaccountedFor() {
    assertThat(meter("accepted"))
        .isEqualTo(meter("stored") + meter("dead") + gauge("spooled") + gauge("in-flight"));
    var own = account.of(environment);
    assertThat(own.accepted()).isEqualTo((long) meter("accepted"));
    assertThat(own.accepted())
        .isEqualTo(own.stored() + own.dead() + own.spooled() + own.inFlight());
    if (gauge("in-flight") == 0) {
      assertThat(gauge("in-flight.bytes")).isZero();
    }
  }

  private double meter(String name) {
    return meters.get("stitchd.events." + name).counter().count();
  }

  private double gauge(String name) {
    return meters.get("stitchd.events." + name).gauge().value();
  }

  private List<Admission> submit(List<Event> events) {
    var answers = new ArrayList<Admission>();
    queue.submit(events).subscribe(answers::add);
    return answers;
  }

  private List<Event> evaluations(int count) {
    return Events.evaluations(environment, count);
  }

  @Test
  void fullBatchLeavesAtOnce() {
    start();
    var answers = submit(evaluations(10));
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(sink.attempts).extracting(batch -> batch.rows()).containsExactly(10);
    assertThat(answers).containsExactly(new Admission.Durable());
  }

  @Test
  void partOfABatchLeavesAfterTheWait() {
    start();
    var answers = submit(evaluations(3));
    time.advanceTimeBy(WAIT.minusMillis(1));
    assertThat(sink.attempts).isEmpty();
    assertThat(answers).isEmpty();
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(answers).containsExactly(new Admission.Durable());
    assertThat(sink.stored()).hasSize(3);
  }

  @Test
  void batchHasOneKindAndOneMonth() {
    start();
    var events =
        List.<Event>of(
            Events.evaluation(environment, Instant.parse("2026-09-30T23:59:59.999Z"), "on"),
            Events.evaluation(environment, Instant.parse("2026-10-01T00:00:00Z"), "on"),
            Events.count(environment, Instant.parse("2026-09-30T23:59:59.999Z"), 4),
            Events.evaluation(environment, Instant.parse("2026-09-01T00:00:00Z"), "on"));
    var answers = submit(events);
    time.advanceTimeBy(WAIT);
    assertThat(answers).containsExactly(new Admission.Durable());
    assertThat(sink.attempts)
        .extracting(batch -> batch.table() + " " + months(batch) + " " + batch.rows())
        .containsExactly(
            "evaluation_events [2026-09] 2",
            "evaluation_events [2026-10] 1",
            "flag_counts [2026-09] 1");
  }

  private Set<YearMonth> months(EncodedBatch batch) {
    return sink.events(batch).stream()
        .map(event -> YearMonth.from(event.at().atOffset(ZoneOffset.UTC)))
        .collect(Collectors.toSet());
  }

  @Test
  void batchStaysWithinItsBytes() {
    var queued = evaluations(5).stream().map(event -> QueuedEvent.of(event, null)).toList();
    int one = queued.getFirst().weight();
    assertThat(EventBatch.pack(queued, 2L * one, () -> "t"))
        .extracting(batch -> batch.events().size())
        .containsExactly(2, 2, 1);
    assertThat(EventBatch.pack(queued, 1, () -> "t")).hasSize(5);
  }

  @Test
  void noMoreInsertsThanNamedRunAtOnce() {
    start();
    sink.mode = InMemoryEventSink.Mode.HANG;
    submit(evaluations(80));
    time.advanceTimeBy(Duration.ofSeconds(1));
    assertThat(sink.running).hasValue(2);
    assertThat(gauge("in-flight")).isEqualTo(80);
  }

  @Test
  void unknownOutcomeIsRetriedWholeWithItsToken() {
    start();
    sink.mode = InMemoryEventSink.Mode.STORE_AND_LOSE_THE_ANSWER;
    var answers = submit(evaluations(10));
    time.advanceTimeBy(Duration.ofSeconds(2));
    assertThat(answers).isEmpty();
    sink.mode = InMemoryEventSink.Mode.STORE;
    time.advanceTimeBy(Duration.ofSeconds(4));
    assertThat(answers).containsExactly(new Admission.Durable());
    assertThat(sink.attempts).hasSizeGreaterThan(2).containsOnly(sink.attempts.getFirst());
    assertThat(sink.stored()).hasSize(10);
  }

  @Test
  void outageIsSurvivedHoweverLong() {
    start();
    sink.mode = InMemoryEventSink.Mode.OUT;
    var answers = submit(evaluations(30));
    time.advanceTimeBy(Duration.ofMinutes(5));
    assertThat(answers).singleElement().isInstanceOf(Admission.Unknown.class);
    assertThat(gauge("in-flight")).isEqualTo(30);
    sink.mode = InMemoryEventSink.Mode.STORE;
    time.advanceTimeBy(Duration.ofSeconds(10)); // three batches, two at a time
    assertThat(sink.stored()).hasSize(30);
    assertThat(gauge("in-flight")).isZero();
  }

  @Test
  void submitterHearsUnknownAfterTheWait() {
    start();
    sink.mode = InMemoryEventSink.Mode.HANG;
    var answers = submit(evaluations(10));
    time.advanceTimeBy(Duration.ofMillis(9_999));
    assertThat(answers).isEmpty();
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(answers)
        .singleElement()
        .isInstanceOfSatisfying(
            Admission.Unknown.class,
            unknown ->
                assertThat(unknown.retryAfter())
                    .isBetween(settings.retryAfter(), settings.retryAfter().multipliedBy(2)));
  }

  @Test
  void fullQueueRefusesTheWholeOffer() {
    start();
    sink.mode = InMemoryEventSink.Mode.OUT;
    assertThat(submit(evaluations(95))).isEmpty();
    assertThat(submit(evaluations(6))).singleElement().isInstanceOf(Admission.Refused.class);
    assertThat(meter("refused")).isEqualTo(6);
    assertThat(gauge("in-flight")).isEqualTo(95);
    assertThat(submit(evaluations(5))).isEmpty();
    queue.record(evaluations(1).getFirst());
    assertThat(meter("dropped")).isEqualTo(1);
    sink.mode = InMemoryEventSink.Mode.STORE;
    time.advanceTimeBy(Duration.ofSeconds(1));
    assertThat(sink.stored()).hasSize(100);
    assertThat(submit(evaluations(100))).containsExactly(new Admission.Durable());
    assertThat(sink.stored()).hasSize(200);
  }

  @Test
  void queueIsBoundedInBytesToo() {
    var small =
        DeliverySettingsTest.bind(
            Map.of("stitchd.events.queue-bytes", "5000B", "stitchd.events.queue-events", "100"));
    var bounded = new EventCounters(small, new SimpleMeterRegistry());
    assertThat(bounded.reserve(1, 4_000)).isTrue();
    assertThat(bounded.reserve(1, 1_001)).isFalse();
    assertThat(bounded.inFlight()).isEqualTo(1);
    assertThat(bounded.reserve(1, 1_000)).isTrue();
  }

  @Test
  void refusedBatchIsSplitUntilTheBadEventIsAlone() {
    start();
    var events = new ArrayList<Event>();
    IntStream.range(0, 10)
        .forEach(i -> events.add(Events.count(environment, Events.NOON, i == 6 ? 0 : 1)));
    var answers = submit(events);
    time.advanceTimeBy(Duration.ofSeconds(1));
    assertThat(answers)
        .containsExactly(new Admission.Partly(Map.of(events.get(6).id(), "count is not positive")));
    assertThat(sink.stored()).hasSize(9).doesNotContain(events.get(6));
    assertThat(sink.attempts)
        .extracting(EncodedBatch::token)
        .containsExactly("t1", "t1.0", "t1.1", "t1.1.0", "t1.1.0.0", "t1.1.0.1", "t1.1.1");
    assertThat(graves).containsExactly(events.get(6).id() + " count is not positive");
    assertThat(meter("dead")).isEqualTo(1);
    assertThat(gauge("in-flight")).isZero();
  }

  @Test
  void submitterThatGoesAwayKeepsItsEventsOnTheWay() {
    start();
    queue.submit(evaluations(5)).subscribe().dispose();
    time.advanceTimeBy(WAIT);
    assertThat(sink.stored()).hasSize(5);
    assertThat(gauge("in-flight")).isZero();
  }

  @Test
  void nothingIsOfferedBeforeSomebodySubscribes() {
    start();
    Mono<Admission> offer = queue.submit(evaluations(5));
    assertThat(gauge("in-flight")).isZero();
    offer.subscribe().dispose();
    assertThat(gauge("in-flight")).isEqualTo(5);
  }

  @Test
  void emptyOfferIsDurable() {
    start();
    assertThat(submit(List.of())).containsExactly(new Admission.Durable());
  }

  @Test
  void eventsOfThisServerFlowWithoutAnAnswer() {
    start();
    evaluations(4).forEach(queue::record);
    time.advanceTimeBy(SinkEventQueue.OWN_WAIT.plus(WAIT));
    assertThat(sink.stored()).hasSize(4);
  }

  @Test
  void eventsOfThisServerThatStillWaitForEachOtherAreDeliveredAtTheStop() {
    start();
    evaluations(4).forEach(queue::record);
    running.stopped().subscribe();
    time.advanceTime();
    assertThat(sink.stored()).hasSize(4);
    assertThat(gauge("in-flight")).isZero();
    assertThat(meter("accepted")).isEqualTo(4);
    time.advanceTimeBy(SinkEventQueue.OWN_WAIT);
    queue.record(evaluations(1).getFirst());
    assertThat(meter("dropped")).isEqualTo(1);
  }

  private final List<EncodedBatch> spooled = new ArrayList<>();
  private boolean sinkIsOut;

  /// A spool with room for so many batches.
  private Spool spool(int room) {
    return new Spool() {
      @Override
      public Mono<Boolean> take(EncodedBatch batch) {
        return Mono.fromSupplier(() -> spooled.size() < room && spooled.add(batch));
      }

      @Override
      public boolean isFirstChoice() {
        return sinkIsOut;
      }
    };
  }

  @Test
  void spoolTakesWhatTheSinkDoesNot() {
    start();
    spool = spool(9);
    sink.mode = InMemoryEventSink.Mode.OUT;
    var answers = submit(evaluations(10));
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(answers).containsExactly(new Admission.Durable());
    assertThat(spooled).extracting(EncodedBatch::token).containsExactly("t1");
    assertThat(sink.attempts).hasSize(1);
    assertThat(gauge("spooled")).isEqualTo(10);
    assertThat(gauge("in-flight")).isZero();
  }

  @Test
  void spoolTakesWhatTheSinkIsSlowToTake() {
    start();
    spool = spool(9);
    sink.mode = InMemoryEventSink.Mode.HANG;
    var answers = submit(evaluations(10));
    time.advanceTimeBy(settings.spoolAfter().minusMillis(1));
    assertThat(answers).isEmpty();
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(answers).containsExactly(new Admission.Durable());
    assertThat(spooled).hasSize(1);
  }

  @Test
  void sinkThatIsKnownToBeOutIsNotAsked() {
    delivery =
        new DeliveryJob(
            queue,
            new BatchWriter(
                sink,
                new MeasuredSink(sink, meters),
                spool(1),
                (_, _) -> Mono.just(true),
                account,
                settings,
                time),
            account,
            settings,
            time,
            () -> "t" + tokens.incrementAndGet());
    sinkIsOut = true;
    start();
    var answers = submit(evaluations(10));
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(answers).containsExactly(new Admission.Durable());
    assertThat(sink.attempts).isEmpty();
    // the spool is full now
    answers = submit(evaluations(10));
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(answers).containsExactly(new Admission.Durable());
    assertThat(sink.stored()).hasSize(10);
  }

  @Test
  void whileTheSpoolIsFullASlowSinkGetsAllItsTime() {
    start();
    sink.mode = InMemoryEventSink.Mode.HANG;
    submit(evaluations(10));
    time.advanceTimeBy(settings.spoolAfter().multipliedBy(4));
    assertThat(sink.attempts).hasSize(2);
    assertThat(sink.running).hasValue(1);
  }

  @Test
  void stoppingDrainsWhatIsHeldAndRefusesTheRest() {
    start();
    var answers = submit(evaluations(3));
    var stopped = new AtomicBoolean();
    running.stopped().doFinally(_ -> stopped.set(true)).subscribe();
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(answers).containsExactly(new Admission.Durable());
    assertThat(stopped).isTrue();
    assertThat(running.isRunning()).isFalse();
    assertThat(submit(evaluations(1))).singleElement().isInstanceOf(Admission.Refused.class);
  }

  @Test
  void stoppingEndsAfterTheDrainTimeThoughTheSinkIsOut() {
    start();
    sink.mode = InMemoryEventSink.Mode.OUT;
    var answers = submit(evaluations(25));
    var stopped = new AtomicBoolean();
    running.stopped().doFinally(_ -> stopped.set(true)).subscribe();
    time.advanceTimeBy(settings.drain().minusMillis(1));
    assertThat(stopped).isFalse();
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(stopped).isTrue();
    int attempts = sink.attempts.size();
    time.advanceTimeBy(Duration.ofMinutes(1));
    assertThat(sink.attempts).hasSize(attempts);
    assertThat(answers).noneMatch(Admission.Durable.class::isInstance);
    assertThat(gauge("in-flight")).isEqualTo(25);
  }
}
