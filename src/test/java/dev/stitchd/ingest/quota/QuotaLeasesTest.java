package dev.stitchd.ingest.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.ingest.quota.Allowance.Grant;
import dev.stitchd.ingest.quota.QuotaTokens.Bucket;
import dev.stitchd.ingest.quota.QuotaTokens.Share;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.EnvironmentSettings.EventQuota;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/// Leases in virtual time, on a bucket in memory that counts as PostgreSQL's does.
class QuotaLeasesTest {

  private static final Bucket ALL = new Bucket(new EnvironmentId(UUID.randomUUID()), Share.ALL);
  private static final QuotaSettings SETTINGS =
      new QuotaSettings(Duration.ofMillis(250), Duration.ofSeconds(1), 100, 20, 100, 200, 100);

  private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
  private final RandomGenerator chance = new SplittableRandom(11);
  private final MemoryTokens tokens = new MemoryTokens();
  private final List<Disposable> running = new ArrayList<>();

  /// One bucket, filled by virtual time.
  private final class MemoryTokens implements QuotaTokens {
    private double held = -1;
    private long at;
    private boolean out;
    private int asked;

    @Override
    public Mono<List<Lease>> lease(Collection<Ask> asks) {
      return Mono.defer(() -> {
        asked++;
        return out
            ? Mono.error(new IllegalStateException("out"))
            : Mono.just(asks.stream().map(this::lease).toList());
      });
    }

    private Lease lease(Ask ask) {
      long now = time.now(TimeUnit.NANOSECONDS);
      held =
          held < 0 ? ask.burst() : Math.min(ask.burst(), held + (now - at) / 1e9 * ask.perSecond());
      at = now;
      double granted = Math.min(ask.wanted(), held);
      held = Math.min(ask.burst(), held - granted);
      return new Lease(ask.bucket(), granted);
    }
  }

  /// One node under a load of its own.
  private final class Node {
    private final TokenBalances balances = new TokenBalances(SETTINGS);
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final EventQuota quota;

    Node(EventQuota quota) {
      this.quota = quota;
      var leases = new QuotaLeases(balances, tokens, SETTINGS, time, chance);
      running.add(leases.work().subscribe());
    }

    Allowance allowance() {
      return new SharedAllowance(
          List.of(new SharedAllowance.Part(balances.of(ALL, quota), quota)),
          null,
          Duration.ofMillis(500),
          time,
          chance);
    }

    void send(int events) {
      running.add(
          allowance()
              .take(events)
              .subscribe(
                  grant -> (grant instanceof Grant.Given ? accepted : refused).addAndGet(events)));
    }

    void load(int events, Duration every) {
      running.add(reactor.core.publisher.Flux.interval(every, time).subscribe(_ -> send(events)));
    }
  }

  @BeforeEach
  void noTokensYet() {
    assertThat(tokens.asked).isZero();
  }

  @AfterEach
  void stop() {
    running.forEach(Disposable::dispose);
    time.dispose();
  }

  @Test
  void twoUnevenlyLoadedNodesAreHeldToTheQuotaTogether() {
    var quota = new EventQuota(1_000, 1_000);
    var busy = new Node(quota);
    var quiet = new Node(quota);
    busy.load(50, Duration.ofMillis(10)); // 5 000 a second
    quiet.load(30, Duration.ofMillis(100)); // 300 a second
    time.advanceTimeBy(Duration.ofSeconds(3)); // the burst is used up
    int before = busy.accepted.get() + quiet.accepted.get();
    int quietBefore = quiet.accepted.get();
    time.advanceTimeBy(Duration.ofSeconds(10));
    assertThat(busy.accepted.get() + quiet.accepted.get() - before).isBetween(9_500, 10_500);
    assertThat(quiet.accepted.get() - quietBefore).isGreaterThan(500);
  }

  @Test
  void loadBelowTheQuotaIsNeverRefused() {
    var node = new Node(new EventQuota(1_000, 2_000));
    node.load(100, Duration.ofMillis(125)); // 800 a second
    time.advanceTimeBy(Duration.ofSeconds(20));
    assertThat(node.refused.get()).isZero();
    assertThat(node.accepted.get()).isGreaterThan(15_000);
  }

  @Test
  void burstIsThereForAWholeNodeAfterOneLease() {
    var node = new Node(new EventQuota(1_000, 10_000));
    for (int i = 0; i < 20; i++) {
      node.send(500);
    }
    time.advanceTimeBy(Duration.ofMillis(600));
    assertThat(node.accepted.get()).isBetween(9_500, 10_750);
  }

  @Test
  void requestLargerThanTheBurstIsTakenAndPaidForAfterwards() {
    var node = new Node(new EventQuota(100, 200));
    node.send(5_000);
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(node.accepted.get()).isEqualTo(5_000);
    node.send(1);
    time.advanceTimeBy(Duration.ofSeconds(1));
    assertThat(node.refused.get()).isEqualTo(1);
    time.advanceTimeBy(Duration.ofSeconds(48));
    node.send(1);
    time.advanceTimeBy(Duration.ofSeconds(1));
    assertThat(node.accepted.get()).isEqualTo(5_001);
  }

  @Test
  void whilePostgresIsOutEveryNodeGoesOnWithItsLastShare() {
    var quota = new EventQuota(1_000, 1_000);
    var one = new Node(quota);
    var other = new Node(quota);
    one.load(50, Duration.ofMillis(20));
    other.load(50, Duration.ofMillis(20));
    time.advanceTimeBy(Duration.ofSeconds(15));
    tokens.out = true;
    int before = one.accepted.get() + other.accepted.get();
    time.advanceTimeBy(Duration.ofSeconds(10));
    assertThat(one.accepted.get() + other.accepted.get() - before).isBetween(8_500, 11_500);
    tokens.out = false;
    before = one.accepted.get() + other.accepted.get();
    time.advanceTimeBy(Duration.ofSeconds(10));
    assertThat(one.accepted.get() + other.accepted.get() - before).isBetween(9_000, 11_500);
  }

  @Test
  void idleNodesGiveBackWhatTheyDoNotUseAndAskNoMore() {
    var node = new Node(new EventQuota(1_000, 1_000));
    node.load(50, Duration.ofMillis(50));
    time.advanceTimeBy(Duration.ofSeconds(5));
    running.forEach(Disposable::dispose);
    var idle = new QuotaLeases(node.balances, tokens, SETTINGS, time, chance);
    running.add(idle.work().subscribe());
    time.advanceTimeBy(Duration.ofSeconds(10));
    int asked = tokens.asked;
    time.advanceTimeBy(Duration.ofSeconds(10));
    assertThat(tokens.asked).isEqualTo(asked);
    assertThat(tokens.held).isGreaterThan(990);
  }

  @Test
  void refusedSendersAreToldWhenTokensMayBeThere() {
    var node = new Node(new EventQuota(100, 100));
    node.send(1_000);
    time.advanceTimeBy(Duration.ofMillis(1));
    var told = new ArrayList<Grant>();
    running.add(node.allowance().take(10).subscribe(told::add));
    time.advanceTimeBy(Duration.ofSeconds(1));
    assertThat(told)
        .singleElement()
        .isInstanceOfSatisfying(
            Grant.Short.class,
            lacking ->
                assertThat(lacking.retryAfter())
                    .isBetween(Duration.ofSeconds(7), Duration.ofSeconds(11)));
  }

  @Test
  void anAddressHasABucketOfItsOwn() {
    var buckets = new AddressBuckets(SETTINGS, time);
    var one = new SharedAllowance(List.of(), buckets.of("1"), Duration.ofMillis(500), time, chance);
    var other =
        new SharedAllowance(List.of(), buckets.of("2"), Duration.ofMillis(500), time, chance);
    assertThat(one.take(200).block()).isInstanceOf(Grant.Given.class);
    assertThat(one.take(1).block()).isInstanceOf(Grant.Short.class);
    assertThat(other.take(1).block()).isInstanceOf(Grant.Given.class);
    time.advanceTimeBy(Duration.ofMillis(500));
    assertThat(one.take(50).block()).isInstanceOf(Grant.Given.class);
    assertThat(one.take(1).block()).isInstanceOf(Grant.Short.class);
    assertThat(buckets.size()).isEqualTo(2);
  }
}
