package dev.stitchd.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.background.RunningJob;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.revisionlog.Announcement;
import dev.stitchd.revisionlog.PublishedItems;
import dev.stitchd.revisionlog.SafetyPoll;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.Status;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

class SdkKeysTest {

  private static final String KEY = "sdk_srv_one";

  private final FakeKeyStore store = new FakeKeyStore();
  private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
  private final SdkKeys keys = keys(store, 64, Duration.ZERO);
  private final Sinks.Many<Announcement> rings = Sinks.many().multicast().directBestEffort();
  private final KeyWatch watch =
      new KeyWatch(
          keys,
          rings::asFlux,
          new Positions(store),
          new SafetyPoll(Duration.ofSeconds(1), Duration.ofSeconds(10)),
          AccessSettingsTest.defaults(),
          time);
  private final EnvironmentId environment = store.environment();
  private RunningJob running;
  private final SdkCaller caller = store.key(environment, KEY, SdkCaller.Kind.SERVER);

  private SdkKeys keys(KeyStore store, int lookups) {
    return keys(store, lookups, Duration.ZERO);
  }

  private SdkKeys keys(KeyStore store, int lookups, Duration unconfirmed) {
    var defaults = AccessSettingsTest.defaults();
    return new SdkKeys(
        store,
        new AccessSettings(
            100,
            2,
            defaults.wrongKeyTtl(),
            lookups,
            defaults.lookupTimeout(),
            unconfirmed,
            defaults.retryAfter(),
            defaults.tokenLookups(),
            defaults.tokenWaits(),
            defaults.wrongTokens(),
            10,
            defaults.tokenTtl(),
            defaults.usesNoted()),
        time,
        RandomGenerator.of("SplittableRandom"),
        new SimpleMeterRegistry(),
        () -> time.now(java.util.concurrent.TimeUnit.NANOSECONDS));
  }

  @BeforeEach
  void start() {
    running = RunningJob.start(watch, time);
  }

  @AfterEach
  void stop() {
    running.stop();
  }

  @Test
  void aUseIsNotedOnceAndLaterIfItCannotBeNotedNow() {
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    assertThat(keys.known(KeyHash.of(KEY))).isEqualTo(caller);
    time.advanceTimeBy(Duration.ofMinutes(3));
    assertThat(store.used).containsExactly(caller.keyId());

    store.outage = new IllegalStateException("connection refused");
    assertThat(keys.known(KeyHash.of(KEY))).isEqualTo(caller);
    time.advanceTimeBy(Duration.ofMinutes(3));
    assertThat(store.used).hasSize(1);
    store.outage = null;
    time.advanceTimeBy(Duration.ofMinutes(3));
    assertThat(store.used).containsExactly(caller.keyId(), caller.keyId());
  }

  @Test
  void knownKeyIsAskedForOnce() {
    for (int i = 0; i < 3; i++) {
      keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    }
    assertThat(store.asked).isEqualTo(1);
  }

  @Test
  void thousandRequestsWithANewKeyAskOnce() {
    var slow = new SlowStore(store);
    var keys = keys(slow, 1);
    var answers =
        Flux.range(0, 1_000).flatMap(_ -> keys.holder(KEY), 1_000).collectList().toFuture();
    assertThat(answers).isNotDone();
    slow.answer.tryEmitValue(new KeyStore.Stored(caller, KeyHash.of(KEY), 1)).orThrow();
    assertThat(answers.join()).hasSize(1_000).containsOnly(caller);
    assertThat(slow.asked).hasValue(1);
  }

  @Test
  void knownKeyKeepsWorkingWhileTheStoreIsOut() {
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    store.outage = new R2dbcNonTransientResourceException("connection refused");
    time.advanceTimeBy(Duration.ofHours(5));
    rings.tryEmitNext(new Announcement.Resync()).orThrow();
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
  }

  @Test
  void knownKeyThatCouldNotBeConfirmedForTooLongIsUnavailableUntilItCan() {
    var strict = keys(store, 64, Duration.ofMinutes(1));
    var strictly =
        RunningJob.start(
            new KeyWatch(
                strict,
                rings::asFlux,
                new Positions(store),
                new SafetyPoll(Duration.ofSeconds(1), Duration.ofSeconds(10)),
                AccessSettingsTest.defaults(),
                time),
            time);
    strict.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    time.advanceTimeBy(Duration.ofHours(1));
    assertThat(strict.known(KeyHash.of(KEY))).isEqualTo(caller);

    store.outage = new R2dbcNonTransientResourceException("connection refused");
    time.advanceTimeBy(Duration.ofSeconds(59));
    strict.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    time.advanceTimeBy(Duration.ofSeconds(2));
    assertThat(strict.known(KeyHash.of(KEY))).isNull();
    strict.holder(KEY).as(StepVerifier::create).verifyError(Problem.Unavailable.class);

    store.outage = null;
    time.advanceTimeBy(Duration.ofSeconds(1));
    assertThat(strict.known(KeyHash.of(KEY))).isEqualTo(caller);
    strictly.stop();
  }

  @Test
  void healthNamesKeysThatCouldNotBeConfirmedForAWhile() {
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    time.advanceTimeBy(Duration.ofMinutes(5));
    assertThat(watch.health().getStatus()).isEqualTo(Status.UP);
    store.outage = new R2dbcNonTransientResourceException("connection refused");
    time.advanceTimeBy(Duration.ofSeconds(12));
    assertThat(watch.health().getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
    store.outage = null;
    time.advanceTimeBy(Duration.ofSeconds(1));
    assertThat(watch.health().getStatus()).isEqualTo(Status.UP);
  }

  @Test
  void unknownKeyWhileTheStoreIsOutIsUnavailableAndNeverWrong() {
    store.outage = new R2dbcNonTransientResourceException("connection refused");
    keys.holder(KEY)
        .as(StepVerifier::create)
        .expectErrorSatisfies(failure -> {
          assertThat(failure).isInstanceOf(Problem.Unavailable.class);
          assertThat(((Problem.Unavailable) failure).retryAfter())
              .isBetween(Duration.ofSeconds(2), Duration.ofSeconds(4));
        })
        .verify();
    store.outage = null;
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
  }

  @Test
  void lookupThatTakesTooLongIsUnavailable() {
    var keys = keys(new SlowStore(store), 64);
    var answer = keys.holder(KEY).materialize().toFuture();
    time.advanceTimeBy(Duration.ofSeconds(3));
    assertThat(answer.join().getThrowable()).isInstanceOf(Problem.Unavailable.class);
  }

  @Test
  void moreUnknownKeysAtOnceThanAllowedAreToldToComeAgain() {
    var keys = keys(new SlowStore(store), 1);
    var first = keys.holder("sdk_srv_a").toFuture();
    keys.holder("sdk_srv_b").as(StepVerifier::create).verifyError(Problem.Unavailable.class);
    time.advanceTimeBy(Duration.ofSeconds(3));
    assertThat(first).isCompletedExceptionally();
    var again = keys.holder("sdk_srv_b").toFuture();
    assertThat(again).isNotDone();
  }

  @Test
  void wrongKeyIsRememberedForAShortWhile() {
    for (int i = 0; i < 3; i++) {
      keys.holder("sdk_srv_wrong")
          .as(StepVerifier::create)
          .verifyError(Problem.Unauthenticated.class);
    }
    assertThat(store.asked).isEqualTo(1);
    time.advanceTimeBy(Duration.ofSeconds(11));
    keys.holder("sdk_srv_wrong")
        .as(StepVerifier::create)
        .verifyError(Problem.Unauthenticated.class);
    assertThat(store.asked).isEqualTo(2);
  }

  @Test
  void textThatIsNoKeyIsRefusedWithoutAsking() {
    keys.holder("hunter2").as(StepVerifier::create).verifyError(Problem.Unauthenticated.class);
    assertThat(store.asked).isZero();
  }

  @Test
  void ringWithAHigherAccessVersionEndsARevokedKey() {
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    var ended = new ArrayList<SdkCaller>();
    var subscription = keys.revocation(caller).subscribe(ended::add);
    store.revoke(caller);
    rings
        .tryEmitNext(new Announcement.At(environment, 7, store.versions.get(environment)))
        .orThrow();
    assertThat(ended).containsExactly(caller);
    assertThat(subscription.isDisposed()).isTrue();
    keys.holder(KEY).as(StepVerifier::create).verifyError(Problem.Unauthenticated.class);
  }

  @Test
  void aKeyThatItsConnectionRemembersIsNoLongerKnownOnceItIsRevoked() {
    var last = new LastKey();
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    assertThat(keys.known(last.hash(null, KEY))).isEqualTo(caller);
    store.revoke(caller);
    keys.recheck(Set.of(environment)).block();
    assertThat(keys.known(last.hash(null, KEY))).isNull();
  }

  @Test
  void otherKeysOfTheEnvironmentStayWhenOneIsRevoked() {
    var other = store.key(environment, "sdk_cli_two", SdkCaller.Kind.CLIENT);
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    keys.holder("sdk_cli_two").as(StepVerifier::create).expectNext(other).verifyComplete();
    var ended = new ArrayList<SdkCaller>();
    var subscription = keys.revocation(other).subscribe(ended::add);
    store.revoke(caller);
    rings
        .tryEmitNext(new Announcement.At(environment, 7, store.versions.get(environment)))
        .orThrow();
    assertThat(ended).isEmpty();
    store.outage = new IllegalStateException("must not be asked");
    keys.holder("sdk_cli_two").as(StepVerifier::create).expectNext(other).verifyComplete();
    subscription.dispose();
  }

  @Test
  void lostRingDelaysARevocationByOnePoll() {
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    store.revoke(caller);
    time.advanceTimeBy(Duration.ofMillis(1_001));
    keys.holder(KEY).as(StepVerifier::create).verifyError(Problem.Unauthenticated.class);
  }

  @Test
  void checkThatFailedIsMadeUpForAfterTheOutage() {
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    store.revoke(caller);
    store.outage = new R2dbcNonTransientResourceException("connection refused");
    rings
        .tryEmitNext(new Announcement.At(environment, 7, store.versions.get(environment)))
        .orThrow();
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    store.outage = null;
    time.advanceTimeBy(Duration.ofMillis(1_001));
    keys.holder(KEY).as(StepVerifier::create).verifyError(Problem.Unauthenticated.class);
  }

  @Test
  void keyRevokedBeforeItWasWatchedIsStillNoticed() {
    store.revoke(caller);
    var ended = new ArrayList<SdkCaller>();
    var subscription = keys.revocation(caller).subscribe(ended::add);
    time.advanceTimeBy(Duration.ofMillis(1_001));
    assertThat(ended).containsExactly(caller);
    assertThat(subscription.isDisposed()).isTrue();
  }

  @Test
  void deletedEnvironmentEndsItsKeys() {
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    var ended = new ArrayList<SdkCaller>();
    var subscription = keys.revocation(caller).subscribe(ended::add);
    store.delete(environment);
    rings.tryEmitNext(new Announcement.Removed(environment)).orThrow();
    assertThat(ended).containsExactly(caller);
    assertThat(subscription.isDisposed()).isTrue();
    keys.holder(KEY).as(StepVerifier::create).verifyError(Problem.Unauthenticated.class);
  }

  @Test
  void restoredBackupWithLowerAccessVersionsStillEndsItsRevokedKeys() {
    for (int i = 0; i < 8; i++) {
      store.versions.merge(environment, 1L, Long::sum);
    }
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete(); // 10
    store.revoke(caller);
    store.versions.put(environment, 3L);
    time.advanceTimeBy(Duration.ofMillis(2_001));
    keys.holder(KEY).as(StepVerifier::create).verifyError(Problem.Unauthenticated.class);
  }

  @Test
  void whoRevokesAKeyAfterARestoreSeesItEndAtOnce() {
    for (int i = 0; i < 8; i++) {
      store.versions.merge(environment, 1L, Long::sum);
    }
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete(); // 10
    store.versions.put(environment, 3L);
    store.revoke(caller);
    watch.caughtUp(new Announcement.At(environment, 7, store.versions.get(environment))).block();
    keys.holder(KEY).as(StepVerifier::create).verifyError(Problem.Unauthenticated.class);
  }

  @Test
  void cancelledWatchersLeaveNothingBehind() {
    var first = keys.revocation(caller).subscribe();
    var second = keys.revocation(caller).subscribe();
    first.dispose();
    assertThat(keys.heldEnvironments()).containsOnlyKeys(environment);
    second.dispose();
    assertThat(keys.heldEnvironments()).isEmpty();
  }

  private void knownFromBefore() {
    keys.adopt(new KeyBytes(0, java.util.Map.of(KeyHash.of(KEY), caller)));
  }

  @Test
  void keyKnownFromBeforeARestartIsBelievedWhileTheStoreIsOutAndNoOther() {
    knownFromBefore();
    store.outage = new R2dbcNonTransientResourceException("connection refused");
    for (int i = 0; i < 3; i++) {
      keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    }
    assertThat(store.asked).as("asked once, then answered from memory").isEqualTo(1);
    keys.holder("sdk_srv_two").as(StepVerifier::create).verifyError(Problem.Unavailable.class);
  }

  @Test
  void keyKnownFromBeforeARestartIsLookedUpWhileTheStoreAnswers() {
    knownFromBefore();
    store.revoke(caller);
    keys.holder(KEY).as(StepVerifier::create).verifyError(Problem.Unauthenticated.class);
    assertThat(keys.kept().keys()).isEmpty();
  }

  @Test
  void keyRevokedWhileTheNodeWasDownEndsAtTheFirstPollThatTheStoreAnswers() {
    knownFromBefore();
    store.outage = new R2dbcNonTransientResourceException("connection refused");
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    var ended = new ArrayList<SdkCaller>();
    var subscription = keys.revocation(caller).subscribe(ended::add);
    store.revoke(caller);
    time.advanceTimeBy(Duration.ofHours(3));
    assertThat(ended).isEmpty();

    store.outage = null;
    time.advanceTimeBy(Duration.ofMillis(1_001));

    assertThat(ended).containsExactly(caller);
    assertThat(subscription.isDisposed()).isTrue();
    keys.holder(KEY).as(StepVerifier::create).verifyError(Problem.Unauthenticated.class);
  }

  @Test
  void keyKnownFromBeforeIsLikeAnyOtherOnceTheStoreHasConfirmedIt() {
    knownFromBefore();
    time.advanceTimeBy(Duration.ofMillis(1_001));
    assertThat(keys.confirmedAt()).isPositive();
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    assertThat(store.asked).isZero();
  }

  @Test
  void keysOfANodeThatStopsBeforeItsFirstPollWereConfirmedWhenTheFirstWasFound() {
    time.advanceTimeBy(Duration.ofMillis(500)); // the poll is due after a second
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();

    assertThat(keys.kept().confirmedAt()).isEqualTo(500);
  }

  @Test
  void knownKeysBecomeBytesThatHoldNoKeyAndComeBack() throws java.io.IOException {
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    time.advanceTimeBy(Duration.ofMillis(1_001));
    var bytes = keys.kept().write();

    assertThat(KeyBytes.read(bytes)).isEqualTo(keys.kept());
    assertThat(keys.kept().keys()).containsEntry(KeyHash.of(KEY), caller);
    assertThat(new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1)).doesNotContain(KEY);
    assertThat(keys.changes()).isEqualTo(new SdkKeys.Changes(1, 0));
    bytes[3] = 9; // another version
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> KeyBytes.read(bytes))
        .isInstanceOf(java.io.IOException.class);
  }

  @Test
  void oneRevocationReachesEveryWatcher() {
    var ended = new ArrayList<SdkCaller>();
    var subscriptions =
        List.of(
            keys.revocation(caller).subscribe(ended::add),
            keys.revocation(caller).subscribe(ended::add));
    store.revoke(caller);
    time.advanceTimeBy(Duration.ofMillis(1_001));
    assertThat(ended).hasSize(2);
    assertThat(subscriptions).allMatch(reactor.core.Disposable::isDisposed);
    assertThat(keys.heldEnvironments()).isEmpty();
  }

  @Test
  void keyIsAlsoFoundByItsIdAndThenKnownBothWays() {
    keys.holder(caller.keyId()).as(StepVerifier::create).expectNext(caller).verifyComplete();
    keys.holder(caller.keyId()).as(StepVerifier::create).expectNext(caller).verifyComplete();
    keys.holder(KEY).as(StepVerifier::create).expectNext(caller).verifyComplete();
    assertThat(store.asked).isEqualTo(1);
  }

  @Test
  void revokedKeyIsNotFoundByItsIdAndNotAskedForAgainAtOnce() {
    keys.holder(caller.keyId()).block();
    store.revoke(caller);
    keys.recheck(Set.of(environment)).block();
    for (int i = 0; i < 3; i++) {
      keys.holder(caller.keyId())
          .as(StepVerifier::create)
          .verifyError(Problem.Unauthenticated.class);
    }
    assertThat(store.asked).isEqualTo(2);
  }

  /// A store that answers when the test says so.
  private record SlowStore(KeyStore delegate, Sinks.One<Stored> answer, AtomicInteger asked)
      implements KeyStore {

    private SlowStore(KeyStore delegate) {
      this(delegate, Sinks.one(), new AtomicInteger());
    }

    @Override
    public Mono<Stored> find(KeyHash hash) {
      return answer.asMono().doOnSubscribe(_ -> asked.incrementAndGet());
    }

    @Override
    public Mono<Stored> find(UUID id) {
      return delegate.find(id);
    }

    @Override
    public Mono<Void> used(Collection<UUID> keys) {
      return delegate.used(keys);
    }

    @Override
    public Mono<java.util.Map<EnvironmentId, Valid>> valid(Collection<EnvironmentId> environments) {
      return delegate.valid(environments);
    }
  }

  /// Where the fake store's environments stand.
  private record Positions(FakeKeyStore store) implements PublishedItems {
    @Override
    public Flux<Position> positions(Map<EnvironmentId, Long> held) {
      return Flux.defer(() ->
          store.outage != null
              ? Flux.error(store.outage)
              : Flux.fromIterable(held.keySet())
                  .filter(store.versions::containsKey)
                  .map(e -> new Position(e, 0, store.versions.get(e), 0, new UUID(0, 0), false)));
    }

    @Override
    public Mono<State> load(EnvironmentId environment) {
      return Mono.error(new UnsupportedOperationException());
    }

    @Override
    public Mono<Changes> changesSince(EnvironmentId environment, long revision) {
      return Mono.error(new UnsupportedOperationException());
    }

    @Override
    public Mono<Removals> removals(EnvironmentId environment, long revision, int most) {
      return Mono.error(new UnsupportedOperationException());
    }

    @Override
    public Mono<Long> identity(EnvironmentId environment, long revision) {
      return Mono.error(new UnsupportedOperationException());
    }

    @Override
    public Mono<UUID> replaceEpoch(EnvironmentId environment, UUID seen) {
      return Mono.error(new UnsupportedOperationException());
    }
  }
}
