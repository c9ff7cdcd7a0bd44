package dev.stitchd.segment.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.segment.Memberships;
import dev.stitchd.segment.Memberships.Listing;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

class BoundedMembershipsTest {

  private static final EnvironmentId ENVIRONMENT = new EnvironmentId(new UUID(0, 1));
  private static final MembershipSettings SETTINGS =
      new MembershipSettings(Duration.ofMillis(500), 3, 10, 4, 64);

  private final VirtualTimeScheduler timer = VirtualTimeScheduler.create();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final AtomicInteger asked = new AtomicInteger();
  private Mono<List<Listing>> store = Mono.never();
  private final Memberships memberships =
      new BoundedMemberships(
          (_, _, _) -> {
            asked.incrementAndGet();
            return store;
          },
          SETTINGS,
          timer,
          meters);

  private Mono<List<Listing>> ask() {
    return memberships.listings(ENVIRONMENT, Set.of("vip"), Set.of("a"));
  }

  @Test
  void anAnswerInTimeIsPassedOn() {
    var listings = List.of(new Listing("vip", "a", true));
    store = Mono.just(listings);
    ask().as(StepVerifier::create).expectNext(listings).verifyComplete();
    expect(1, 0, 0, 0);
  }

  @Test
  void nothingIsAskedAboutNothing() {
    memberships
        .listings(ENVIRONMENT, Set.of(), Set.of("a"))
        .as(StepVerifier::create)
        .expectNext(List.of())
        .verifyComplete();
    memberships
        .listings(ENVIRONMENT, Set.of("vip"), Set.of())
        .as(StepVerifier::create)
        .expectNext(List.of())
        .verifyComplete();
    assertThat(asked).hasValue(0);
  }

  @Test
  void aStoreThatIsSilentIsGivenUpAfterTheSettingsTime() {
    ask()
        .as(StepVerifier::create)
        .then(() -> timer.advanceTimeBy(Duration.ofMillis(499)))
        .then(() -> expect(0, 0, 0, 0))
        .then(() -> timer.advanceTimeBy(Duration.ofMillis(1)))
        .expectErrorSatisfies(failure ->
            assertThat(failure)
                .isInstanceOf(Problem.Unavailable.class)
                .hasMessageContaining("PT0.5S"))
        .verify();
    expect(0, 1, 0, 0);
    assertThat(open()).isZero();
  }

  @Test
  void aStoreThatIsDownIsUnavailable() {
    store = Mono.error(new R2dbcNonTransientResourceException("connection refused"));
    ask().as(StepVerifier::create).expectError(Problem.Unavailable.class).verify();
    expect(0, 0, 1, 0);
  }

  @Test
  void moreQuestionsThanMayBeOpenAreRefusedAtOnceAndWhoLeavesMakesRoom() {
    var waiting = new ArrayList<Disposable>();
    for (int i = 0; i < 3; i++) {
      waiting.add(ask().subscribe());
    }
    ask().as(StepVerifier::create).expectError(Problem.Unavailable.class).verify();
    expect(0, 0, 0, 1);
    assertThat(open()).isEqualTo(3);
    waiting.getFirst().dispose();
    assertThat(open()).isEqualTo(2);
    store = Mono.just(List.of());
    ask().as(StepVerifier::create).expectNext(List.of()).verifyComplete();
    waiting.forEach(Disposable::dispose);
    assertThat(open()).isZero();
    assertThat(asked).hasValue(4);
  }

  @Test
  void aDefectIsNotCalledAnOutage() {
    store = Mono.error(new IllegalStateException("a defect"));
    ask().as(StepVerifier::create).expectError(IllegalStateException.class).verify();
  }

  private double open() {
    return meters.get("stitchd.membership.open").gauge().value();
  }

  private void expect(long answered, long late, long failed, long refused) {
    assertThat(List.of(count("answered"), count("late"), count("failed"), count("refused")))
        .isEqualTo(List.of(answered, late, failed, refused));
  }

  private long count(String outcome) {
    return meters.get("stitchd.membership.queries").tag("outcome", outcome).timer().count();
  }
}
