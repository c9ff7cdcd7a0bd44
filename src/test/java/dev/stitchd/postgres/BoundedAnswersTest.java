package dev.stitchd.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.postgres.BoundedAnswers.Backend;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

class BoundedAnswersTest {

  private static final Duration DOUBT_AFTER = Duration.ofSeconds(1);
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(3);

  private final VirtualTimeScheduler timer = VirtualTimeScheduler.create();
  private final Silence silence = new Silence(timer);

  private BoundedAnswers onABackendThat(Backend does) {
    var bounds =
        new BoundedAnswers.Bounds(
            DOUBT_AFTER, ANSWER_WITHIN, Duration.ofSeconds(11), silence, timer);
    var answers = new BoundedAnswers(bounds, _ -> Mono.just(does), Mono.empty());
    answers.servedBy(1);
    return answers;
  }

  @Test
  void aStatementThatMerelyTakesTooLongMakesNoOtherConnectionDoubtful() {
    var slow = onABackendThat(Backend.UNKNOWN).to(Mono.never());
    var other = onABackendThat(Backend.UNKNOWN).to(Mono.delay(Duration.ofMillis(2_500), timer));
    var later = Mono.delay(Duration.ofMillis(1_500), timer).then(other);

    StepVerifier.create(Mono.zip(slow.onErrorReturn("ended"), later))
        .then(() -> timer.advanceTimeBy(Duration.ofSeconds(4)))
        .expectNextCount(1)
        .verifyComplete();
    assertThat(silence.isSince(0)).isFalse();
  }

  @Test
  void oneThatPostgresqlWorksOnForTooLongMakesNoOtherConnectionDoubtful() {
    StepVerifier.create(onABackendThat(Backend.WORKS).to(Mono.never()))
        .then(() -> timer.advanceTimeBy(Duration.ofSeconds(12)))
        .verifyError(R2dbcTimeoutException.class);
    assertThat(silence.isSince(0)).isFalse();
  }

  @Test
  void aConnectionWhoseBackendWaitsForUsMakesTheOthersDoubtful() {
    StepVerifier.create(onABackendThat(Backend.WAITS_FOR_US).to(Mono.never()))
        .then(() -> timer.advanceTimeBy(Duration.ofMillis(1_250)))
        .verifyError(R2dbcTimeoutException.class);
    assertThat(silence.isSince(0)).isTrue();
  }

  @Test
  void onceOneIsKnownToBeSilentTheOthersAreNotWaitedForAnyLonger() {
    StepVerifier.create(onABackendThat(Backend.UNKNOWN).to(Mono.never()))
        .then(() -> timer.advanceTimeBy(Duration.ofMillis(500)))
        .then(silence::found)
        .then(() -> timer.advanceTimeBy(Duration.ofMillis(500)))
        .verifyError(R2dbcTimeoutException.class);
  }
}
