package dev.stitchd.segment.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.segment.Memberships.Listing;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

class JoinedMembershipsTest {

  private static final EnvironmentId HERE = new EnvironmentId(new UUID(0, 1));
  private static final EnvironmentId THERE = new EnvironmentId(new UUID(0, 2));
  private static final Duration SOON = Duration.ofSeconds(10);

  /// A statement that the test answers by hand.
  private record Asked(
      EnvironmentId environment,
      Set<String> segments,
      Set<String> keys,
      Consumer<Listing> found,
      Sinks.Empty<Void> end,
      AtomicInteger cancelled) {

    void finds(String segment, String key) {
      found.accept(new Listing(segment, key, true));
    }

    void ends() {
      end.emitEmpty(Sinks.EmitFailureHandler.FAIL_FAST);
    }
  }

  private final List<Asked> statements = new ArrayList<>();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final JoinedMemberships memberships = joined(1, 3, 3);
  private final Disposable work = memberships.work().subscribe();

  @AfterEach
  void stop() {
    work.dispose();
  }

  private JoinedMemberships joined(int statementsAtOnce, int together, int listings) {
    return new JoinedMemberships(
        (environment, segments, keys, found) -> {
          var asked =
              new Asked(
                  environment,
                  Set.copyOf(segments),
                  Set.copyOf(keys),
                  found,
                  Sinks.empty(),
                  new AtomicInteger());
          statements.add(asked);
          return asked.end().asMono().doOnCancel(asked.cancelled()::incrementAndGet);
        },
        new MembershipSettings(Duration.ofMillis(500), 500, listings, statementsAtOnce, together),
        meters);
  }

  private StepVerifier.FirstStep<List<Listing>> expect(
      EnvironmentId environment, Set<String> segments, Set<String> keys) {
    return StepVerifier.create(memberships.find(environment, segments, keys));
  }

  private StepVerifier vip(String key, Listing... listings) {
    return expect(HERE, Set.of("vip"), Set.of(key))
        .expectNext(List.of(listings))
        .expectComplete()
        .verifyLater();
  }

  @Test
  void aQuestionThatIsAloneIsAskedAtOnce() {
    var answer = vip("a", new Listing("vip", "a", true));
    assertThat(statements).hasSize(1);
    statements.getFirst().finds("vip", "a");
    statements.getFirst().ends();
    answer.verify(SOON);
  }

  @Test
  void questionsThatWaitAreAskedTogetherAndEachHearsItsOwnAnswer() {
    var first = vip("first");
    var a = vip("a", new Listing("vip", "a", true));
    var b =
        expect(HERE, Set.of("beta", "vip"), Set.of("a", "b"))
            .expectNext(
                List.of(
                    new Listing("vip", "a", true),
                    new Listing("beta", "a", true),
                    new Listing("beta", "b", true)))
            .expectComplete()
            .verifyLater();
    assertThat(statements).hasSize(1);
    statements.getFirst().ends();
    first.verify(SOON);
    assertThat(statements).hasSize(2);
    var together = statements.getLast();
    assertThat(together.segments()).containsExactlyInAnyOrder("vip", "beta");
    assertThat(together.keys()).containsExactlyInAnyOrder("a", "b");
    together.finds("vip", "a");
    together.finds("beta", "a");
    together.finds("beta", "b");
    together.ends();
    a.verify(SOON);
    b.verify(SOON);
    assertThat(meters.get("stitchd.membership.together").summary().totalAmount()).isEqualTo(3);
  }

  @Test
  void anotherEnvironmentIsNeverAskedInTheSameStatement() {
    var first = vip("first");
    var here = vip("a");
    var there =
        expect(THERE, Set.of("vip"), Set.of("a"))
            .expectNext(List.of(new Listing("vip", "a", true)))
            .expectComplete()
            .verifyLater();
    statements.get(0).ends();
    statements.get(1).ends();
    assertThat(statements.get(1).environment()).isEqualTo(HERE);
    assertThat(statements.get(2).environment()).isEqualTo(THERE);
    statements.get(2).finds("vip", "a");
    statements.get(2).ends();
    first.verify(SOON);
    here.verify(SOON);
    there.verify(SOON);
  }

  @Test
  void aStatementTakesSoManyQuestionsAndSoManyKeys() {
    var answers = new ArrayList<StepVerifier>();
    answers.add(vip("first"));
    IntStream.range(0, 4).forEach(i -> answers.add(vip("k" + i)));
    var many = Set.copyOf(IntStream.range(0, 1_000).mapToObj(i -> "m" + i).toList());
    answers.add(
        expect(HERE, Set.of("vip"), many).expectNext(List.of()).expectComplete().verifyLater());
    for (int i = 0; i < statements.size(); i++) {
      statements.get(i).ends();
    }
    answers.forEach(answer -> answer.verify(SOON));
    assertThat(statements.stream().map(asked -> asked.keys().size()))
        .containsExactly(1, 3, 1, 1_000);
  }

  @Test
  void whoLeavesBeforeItsTurnIsNotAskedAbout() {
    var first = vip("first");
    var leaving = memberships.find(HERE, Set.of("vip"), Set.of("gone")).subscribe();
    leaving.dispose();
    statements.getFirst().ends();
    first.verify(SOON);
    assertThat(statements).hasSize(1);
  }

  @Test
  void aStatementEndsWhenTheLastOfItsQuestionsIsWithdrawnAndNotBefore() {
    var first = vip("first");
    var a = memberships.find(HERE, Set.of("vip"), Set.of("a")).subscribe();
    var b = memberships.find(HERE, Set.of("vip"), Set.of("b")).subscribe();
    statements.getFirst().ends();
    first.verify(SOON);
    a.dispose();
    assertThat(statements.get(1).cancelled()).hasValue(0);
    var next = vip("next");
    b.dispose();
    assertThat(statements.get(1).cancelled()).hasValue(1);
    assertThat(statements).hasSize(3);
    statements.get(2).ends();
    next.verify(SOON);
  }

  @Test
  void aFailureIsTheFailureOfAllInTheStatementAndTheNextIsAskedAgain() {
    var first = vip("first");
    var a = expect(HERE, Set.of("vip"), Set.of("a")).expectErrorMessage("broken").verifyLater();
    statements.get(0).ends();
    first.verify(SOON);
    statements
        .get(1)
        .end()
        .emitError(new IllegalStateException("broken"), Sinks.EmitFailureHandler.FAIL_FAST);
    a.verify(SOON);
    var next = vip("next");
    statements.get(2).ends();
    next.verify(SOON);
  }

  @Test
  void moreListingsThanAnAnswerMayHoldAreTheProblemOfWhoAskedOnly() {
    var first = vip("first");
    var many =
        expect(HERE, Set.of("a", "b", "c", "d"), Set.of("x"))
            .expectError(Problem.TooLarge.class)
            .verifyLater();
    var few =
        expect(HERE, Set.of("a"), Set.of("x"))
            .expectNext(List.of(new Listing("a", "x", true)))
            .expectComplete()
            .verifyLater();
    statements.get(0).ends();
    first.verify(SOON);
    List.of("a", "b", "c", "d").forEach(segment -> statements.get(1).finds(segment, "x"));
    statements.get(1).ends();
    many.verify(SOON);
    few.verify(SOON);
  }

  /// Every question is answered with its own key, whoever asks at the same time, and some leave.
  @Test
  void fromManyThreadsAtOnceEveryQuestionGetsItsAnswerAndNoSlotIsLost() {
    var running = new AtomicInteger();
    var most = new ConcurrentLinkedQueue<Integer>();
    var joined =
        new JoinedMemberships(
            (_, segments, keys, found) ->
                Mono.<Void>fromRunnable(
                        () -> {
                          most.add(running.incrementAndGet());
                          keys.forEach(key -> found.accept(new Listing("vip", key, true)));
                          running.decrementAndGet();
                        })
                    .subscribeOn(Schedulers.boundedElastic()),
            new MembershipSettings(Duration.ofSeconds(1), 500, 10, 2, 8),
            meters);
    var runs = joined.work().subscribe();
    var answered =
        Flux.range(0, 20_000)
            .flatMap(
                i -> {
                  var key = "k" + i % 97;
                  var asked =
                      joined
                          .find(HERE, Set.of("vip"), Set.of(key))
                          .subscribeOn(Schedulers.parallel())
                          .map(found -> found.equals(List.of(new Listing("vip", key, true))));
                  return i % 5 == 0 ? Mono.firstWithSignal(asked, Mono.just(true)) : asked;
                },
                50)
            .collectList()
            .block(SOON);
    runs.dispose();
    assertThat(answered).hasSize(20_000).doesNotContain(false);
    assertThat(most).allMatch(n -> n <= 2);
  }
}
