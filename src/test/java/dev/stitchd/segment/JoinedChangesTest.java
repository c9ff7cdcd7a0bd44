package dev.stitchd.segment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.catalog.segment.SegmentList;
import dev.stitchd.catalog.segment.SegmentPath;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.resource.Author;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

class JoinedChangesTest {

  private static final UUID ID = UUID.randomUUID();
  private static final MemberChange.Kind ADD =
      new MemberChange.Kind(
          Author.system(new TenantId(ID), "test"),
          new SegmentPath("web", "production", "vip"),
          MemberSide.INCLUDED,
          true);

  private final List<Set<String>> transactions = new ArrayList<>();
  private final List<Sinks.One<JoinedChanges.Outcome>> open = new ArrayList<>();

  private Mono<JoinedChanges.Outcome> held(Set<String> keys) {
    transactions.add(new HashSet<>(keys));
    var outcome = Sinks.<JoinedChanges.Outcome>one();
    open.add(outcome);
    return outcome.asMono();
  }

  private static JoinedChanges.Outcome outcome(long version, String... changed) {
    return new JoinedChanges.Outcome(list(version), Set.of(changed));
  }

  private static SegmentList list(long version) {
    return new SegmentList(ID, ID, "vip", 1, version, 0, 0);
  }

  private static MemberChange change(String... keys) {
    return new MemberChange(ADD, "r", Set.of(keys));
  }

  @Test
  void theFirstBeginsAtOnceAndThoseThatComeMeanwhileGoTogether() {
    var changes = new JoinedChanges((_, keys) -> held(keys), 100, 100);
    var first = changes.make(change("a")).toFuture();
    var second = changes.make(change("b", "c")).toFuture();
    var third = changes.make(change("c", "d")).toFuture();
    assertThat(transactions).containsExactly(Set.of("a"));

    open.get(0).tryEmitValue(outcome(1, "a")).orThrow();
    assertThat(first.join().changed()).isEqualTo(1);
    assertThat(transactions).containsExactly(Set.of("a"), Set.of("b", "c", "d"));
    assertThat(second).isNotDone();

    open.get(1).tryEmitValue(outcome(2, "c", "d")).orThrow();
    assertThat(second.join().changed()).as("b was there, c is its own").isEqualTo(1);
    assertThat(third.join().changed()).as("c counts for the one before").isEqualTo(1);
    assertThat(third.join().list().version()).isEqualTo(2);
    assertThat(changes.waiting()).isZero();
  }

  @Test
  void aFailureIsToldToAllOfItsGroupAndTheNextGroupGoesOn() {
    var changes = new JoinedChanges((_, keys) -> held(keys), 100, 100);
    var first = changes.make(change("a")).toFuture();
    var second = changes.make(change("b")).toFuture();
    open.get(0).tryEmitError(new Problem.Conflict("import-in-progress", "no")).orThrow();
    assertThat(first).isCompletedExceptionally();
    open.get(1).tryEmitValue(outcome(1, "b")).orThrow();
    assertThat(second.join().changed()).isEqualTo(1);
  }

  @Test
  void aGroupHasNoMoreKeysThanItMay() {
    var changes = new JoinedChanges((_, keys) -> held(keys), 100, 2);
    var _ = changes.make(change("a", "b", "c")).toFuture();
    var _ = changes.make(change("d")).toFuture();
    var _ = changes.make(change("e", "f")).toFuture();
    open.get(0).tryEmitValue(outcome(1)).orThrow();
    open.get(1).tryEmitValue(outcome(2)).orThrow();
    assertThat(transactions).containsExactly(Set.of("a", "b", "c"), Set.of("d"), Set.of("e", "f"));
  }

  @Test
  void moreThanMayWaitAreRefusedAtOnce() {
    var changes = new JoinedChanges((_, keys) -> held(keys), 1, 100);
    var first = changes.make(change("a")).toFuture();
    assertThat(changes.make(change("b")).toFuture())
        .isCompletedExceptionally()
        .satisfies(
            refused -> assertThat(refused.exceptionNow()).isInstanceOf(Problem.TooMany.class));
    open.get(0).tryEmitValue(outcome(1, "a")).orThrow();
    assertThat(first).isCompleted();
  }

  @Test
  void aChangeWhoseClientHasGoneIsMadeAndTheOthersHearOfIt() {
    var changes = new JoinedChanges((_, keys) -> held(keys), 100, 100);
    var first = changes.make(change("a")).toFuture();
    var gone = changes.make(change("b")).toFuture();
    var stays = changes.make(change("c")).toFuture();
    gone.cancel(true);
    open.get(0).tryEmitValue(outcome(1, "a")).orThrow();
    assertThat(first).isCompleted();
    assertThat(transactions.get(1)).containsExactlyInAnyOrder("b", "c");
    open.get(1).tryEmitValue(outcome(2, "b", "c")).orThrow();
    assertThat(stays.join().changed()).isEqualTo(1);
    assertThat(changes.waiting()).isZero();
  }

  @Test
  void fromManyThreadsEveryKeyIsChangedOnceAndNoTwoTransactionsRunAtOnce() {
    var version = new AtomicLong();
    var running = new AtomicLong();
    var there = ConcurrentHashMap.<String>newKeySet();
    var changes =
        new JoinedChanges(
            (_, keys) ->
                Mono.fromCallable(
                        () -> {
                          assertThat(running.incrementAndGet()).isEqualTo(1);
                          var fresh = new HashSet<String>();
                          keys.stream().filter(there::add).forEach(fresh::add);
                          assertThat(running.decrementAndGet()).isZero();
                          return new JoinedChanges.Outcome(list(version.incrementAndGet()), fresh);
                        })
                    .subscribeOn(Schedulers.parallel()),
            10_000,
            50);
    Flux.range(0, 4000)
        .parallel(8)
        .runOn(Schedulers.parallel())
        .flatMap(i -> changes.make(change("k" + i % 1000)), false, 64)
        .map(Members.Changed::changed)
        .reduce(Long::sum)
        .doOnNext(sum -> assertThat(sum).isEqualTo(1000))
        .block();
    assertThat(there).hasSize(1000);
    assertThat(version.get()).isBetween(20L, 4000L);
  }
}
