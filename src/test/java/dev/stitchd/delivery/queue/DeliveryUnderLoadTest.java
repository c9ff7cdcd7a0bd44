package dev.stitchd.delivery.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.background.RunningJob;
import dev.stitchd.delivery.Admission;
import dev.stitchd.delivery.Events;
import dev.stitchd.delivery.InMemoryEventSink;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/// Real threads: many submitters at once, a queue that is often full, a sink that comes and goes.
class DeliveryUnderLoadTest {

  @Test
  void manyThreadsLoseNothingAndHearTheTruth() throws InterruptedException {
    var settings =
        DeliverySettingsTest.bind(
            Map.of(
                "stitchd.events.queue-events", "2000",
                "stitchd.events.batch-rows", "100",
                "stitchd.events.batch-wait", "2ms",
                "stitchd.events.retry-min", "1ms",
                "stitchd.events.retry-max", "3ms"));
    var delivery = Schedulers.newSingle("delivery-test", true);
    var sink = new InMemoryEventSink();
    // by the count of writes, not by the submitters: an outage that only they could end would last
    // for ever once all of them wait
    sink.script =
        write ->
            switch (write / 20 % 4) {
              case 1 -> InMemoryEventSink.Mode.OUT;
              case 3 -> InMemoryEventSink.Mode.STORE_AND_LOSE_THE_ANSWER;
              default -> InMemoryEventSink.Mode.STORE;
            };
    var account = new EventCounters(settings, new SimpleMeterRegistry());
    var queue = new SinkEventQueue(settings, account, Schedulers.parallel(), new Random(1));
    var tokens = new AtomicInteger();
    var job =
        new DeliveryJob(
            queue,
            new BatchWriter(
                sink,
                new MeasuredSink(sink, new SimpleMeterRegistry()),
                Spool.none(),
                (_, _) -> Mono.just(true),
                account,
                settings,
                delivery),
            account,
            settings,
            delivery,
            () -> "t" + tokens.incrementAndGet());
    var running = RunningJob.start(job, delivery);
    var environment = Events.environment();
    var durable = new AtomicLong();
    var refused = new AtomicInteger();
    var threads = 8;
    var done = new CountDownLatch(threads);
    for (int t = 0; t < threads; t++) {
      Thread.ofPlatform()
          .start(() -> {
            Flux.range(0, 200)
                .flatMap(
                    _ ->
                        queue
                            .submit(Events.evaluations(environment, 25))
                            .publishOn(Schedulers.boundedElastic()),
                    32)
                .doOnNext(admission -> {
                  switch (admission) {
                    case Admission.Durable _ -> durable.addAndGet(25);
                    case Admission.Refused _ -> refused.incrementAndGet();
                    case Admission.Partly _, Admission.Unknown _ ->
                        throw new AssertionError(admission);
                  }
                })
                .blockLast(Duration.ofSeconds(30));
            done.countDown();
          });
    }
    assertThat(done.await(40, TimeUnit.SECONDS)).isTrue();
    var stopped = new CountDownLatch(1);
    running.stopped().doFinally(_ -> stopped.countDown()).subscribe();
    assertThat(stopped.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(refused.get()).isPositive();
    var ids = new HashSet<UUID>();
    sink.stored().forEach(event -> assertThat(ids.add(event.id())).isTrue());
    assertThat(ids).hasSize((int) durable.get());
    assertThat(durable.get() + 25L * refused.get()).isEqualTo(25L * 200 * threads);
    assertThat(account.inFlight()).isZero();
    assertThat(sink.mostRunning.get()).isLessThanOrEqualTo(settings.insertsInFlight());
    delivery.dispose();
  }
}
