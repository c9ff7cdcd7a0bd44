package dev.stitchd.warehouse.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.warehouse.Asker;
import dev.stitchd.warehouse.clickhouse.ClickHouseSettingsTest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

/// Three at once, two of one tenant, three may wait for ten seconds.
class QueryPlacesTest {

  private final VirtualTimeScheduler timer = VirtualTimeScheduler.create();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final QueryPlaces places =
      new QueryPlaces(
          ClickHouseSettingsTest.bind(
              Map.of(
                  "stitchd.clickhouse.query-threads", "3",
                  "stitchd.clickhouse.query-share", "2",
                  "stitchd.clickhouse.waiting-queries", "3",
                  "stitchd.clickhouse.query-wait", "10s")),
          timer,
          meters);
  private final TenantId slow = new TenantId(UUID.randomUUID());
  private final TenantId other = new TenantId(UUID.randomUUID());
  private final TenantId third = new TenantId(UUID.randomUUID());

  /// A query that runs until it is told to end.
  private final class Asked {

    private final Sinks.One<String> answer = Sinks.one();
    private final CompletableFuture<String> told = new CompletableFuture<>();
    private final Disposable subscription;
    private Runnable ended = () -> {};
    private boolean running;

    Asked(TenantId tenant) {
      subscription =
          places
              .within(end -> {
                ended = end;
                running = true;
                return answer.asMono();
              })
              .contextWrite(Asker.of(tenant))
              .subscribe(told::complete, told::completeExceptionally);
    }

    void end() {
      running = false;
      ended.run();
      answer.tryEmitValue("done").orThrow();
    }

    Problem.TooMany refusal() {
      return (Problem.TooMany) told.exceptionNow();
    }
  }

  @Test
  void whoIsGoneBeforeItsTurnIsAskedForHoldsNoPlace() {
    places
        .within(_ -> Mono.never())
        .subscribe(
            new BaseSubscriber<>() {
              @Override
              protected void hookOnSubscribe(Subscription subscription) {
                cancel();
              }
            });
    assertThat(places.running()).isZero();
  }

  @Test
  void whoIsGoneBeforeItsTurnIsAskedForDoesNotWait() {
    var _ = new Asked(slow);
    var _ = new Asked(slow);
    places
        .within(_ -> Mono.never())
        .contextWrite(Asker.of(slow))
        .subscribe(
            new BaseSubscriber<>() {
              @Override
              protected void hookOnSubscribe(Subscription subscription) {
                cancel();
              }
            });
    assertThat(places.waiting()).isZero();
  }

  @Test
  void aTenantBeyondItsShareWaitsAndOthersDoNot() {
    var first = new Asked(slow);
    var second = new Asked(slow);
    var waiting = new Asked(slow);
    var others = new Asked(other);
    assertThat(List.of(first.running, second.running, waiting.running, others.running))
        .containsExactly(true, true, false, true);
    assertThat(meters.get("stitchd.queries.running").gauge().value()).isEqualTo(3);
    assertThat(meters.get("stitchd.queries.waiting").gauge().value()).isEqualTo(1);
    first.end();
    assertThat(first.told).isCompletedWithValue("done");
    assertThat(waiting.running).isTrue();
    List.of(second, waiting, others).forEach(Asked::end);
    assertThat(places.running()).isZero();
    assertThat(places.waiting()).isZero();
  }

  @Test
  void whoseTurnDoesNotComeInTimeIsRefusedAndToldWhatToDo() {
    var running = List.of(new Asked(slow), new Asked(slow));
    var waiting = new Asked(slow);
    timer.advanceTimeBy(Duration.ofMillis(9_999));
    assertThat(waiting.told).isNotDone();
    timer.advanceTimeBy(Duration.ofMillis(1));
    assertThat(waiting.refusal())
        .hasMessageContaining("this tenant has 2 questions running here already")
        .hasMessageContaining("ask one after another")
        .returns("too-many-questions", Problem::code)
        .returns(Duration.ofSeconds(5), Problem.TooMany::retryAfter);
    assertThat(meters.get("stitchd.queries.refused").counter().count()).isEqualTo(1);
    running.forEach(Asked::end);
    assertThat(waiting.running).isFalse();
    assertThat(places.running()).isZero();
  }

  @Test
  void aNodeThatHasAllItMayIsToldFromATenantThatHas() {
    var running = List.of(new Asked(slow), new Asked(slow), new Asked(other));
    var waiting = new Asked(third);
    timer.advanceTimeBy(Duration.ofSeconds(10));
    assertThat(waiting.refusal()).hasMessageContaining("this node has 3 questions running");
    running.forEach(Asked::end);
  }

  @Test
  void aFreePlaceGoesToTheTenantThatHasTheFewest() {
    var ending = new Asked(other);
    var running = List.of(new Asked(slow), new Asked(other));
    var earlier = new Asked(slow);
    var later = new Asked(third);
    ending.end();
    assertThat(later.running).isTrue();
    assertThat(earlier.running).isFalse();
    running.forEach(Asked::end);
    assertThat(earlier.running).isTrue();
    later.end();
    earlier.end();
    assertThat(places.running()).isZero();
  }

  @Test
  void aTenantThatFillsTheQueueIsRefusedAndNotWhoComesLater() {
    var running = List.of(new Asked(slow), new Asked(slow), new Asked(other));
    var waiting = List.of(new Asked(slow), new Asked(slow), new Asked(slow));
    var later = new Asked(third);
    assertThat(waiting.getLast().refusal()).hasMessageContaining("too many questions are waiting");
    assertThat(later.told).isNotDone();
    assertThat(waiting.getFirst().told).isNotDone();
    running.forEach(Asked::end);
    assertThat(later.running).isTrue();
    later.end();
    waiting.subList(0, 2).forEach(Asked::end);
    assertThat(places.running()).isZero();
  }

  @Test
  void whatWasGivenUpKeepsItsPlaceUntilItHasEnded() {
    var given = new Asked(slow);
    given.subscription.dispose();
    assertThat(places.running()).isEqualTo(1);
    given.ended.run();
    assertThat(places.running()).isZero();
  }

  @Test
  void whatIsGivenUpWhileItWaitsNeverRuns() {
    var running = List.of(new Asked(slow), new Asked(slow));
    var waiting = new Asked(slow);
    waiting.subscription.dispose();
    assertThat(places.waiting()).isZero();
    running.forEach(Asked::end);
    assertThat(waiting.running).isFalse();
    assertThat(places.running()).isZero();
  }

  /// Whatever happens at the same moment: never more than may be, and no place is lost.
  @Test
  void noPlaceIsLostWhoeverGivesUpWhen() throws InterruptedException {
    var at = new AtomicInteger();
    var most = new AtomicInteger();
    // threads that may wait for a lock, as the timer of these tests does
    var pool = Schedulers.newBoundedElastic(4, 10_000, "askers", 60, true);
    var done = new CountDownLatch(2_000);
    var subscriptions = new ArrayList<Disposable>();
    for (int i = 0; i < 2_000; i++) {
      var tenant = List.of(slow, other, third).get(i % 3);
      subscriptions.add(
          places
              .within(ended ->
                  Mono.defer(
                          () -> {
                            most.accumulateAndGet(at.incrementAndGet(), Math::max);
                            return Mono.delay(
                                Duration.ofNanos(ThreadLocalRandom.current().nextInt(100_000)),
                                pool);
                          })
                      .doFinally(_ -> {
                        at.decrementAndGet();
                        ended.run();
                      }))
              .contextWrite(Asker.of(tenant))
              .subscribeOn(pool)
              .doFinally(_ -> done.countDown())
              .subscribe(_ -> {}, _ -> {}));
      if (i % 5 == 0) {
        subscriptions.get(ThreadLocalRandom.current().nextInt(subscriptions.size())).dispose();
      }
    }
    assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    pool.disposeGracefully().block(Duration.ofSeconds(10));
    assertThat(most.get()).isLessThanOrEqualTo(3);
    assertThat(places.running()).isZero();
    assertThat(places.waiting()).isZero();
  }
}
