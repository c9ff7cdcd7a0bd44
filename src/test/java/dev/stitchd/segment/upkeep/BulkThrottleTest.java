package dev.stitchd.segment.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

class BulkThrottleTest {

  private static final Duration SECOND = Duration.ofSeconds(1);

  private VirtualTimeScheduler time;

  @BeforeEach
  void startOfTime() {
    time = VirtualTimeScheduler.create();
  }

  @AfterEach
  void endOfTime() {
    time.dispose();
  }

  /// Gives way from 10 look-ups a second on, then works for a fifth of the time.
  private BulkThrottle throttleFromTen() {
    return new BulkThrottle(null, UpkeepSettingsTest.bind(Map.of("share-while-asked", "20")), time);
  }

  private Mono<String> work(Duration takes) {
    return Mono.delay(takes, time).thenReturn("done");
  }

  private void seen(BulkThrottle throttle, long first, long aSecondLater) {
    throttle.note(first);
    time.advanceTimeBy(SECOND);
    throttle.note(aSecondLater);
  }

  @Test
  void whileNobodyAsksThereIsNoRest() {
    var throttle = throttleFromTen();
    seen(throttle, 1000, 1009);
    assertTakes(throttle, Duration.ofMillis(100), Duration.ofMillis(100));
  }

  @Test
  void beforeAnythingIsKnownThereIsNoRest() {
    var throttle = throttleFromTen();
    throttle.note(1_000_000);
    assertTakes(throttle, Duration.ofMillis(100), Duration.ofMillis(100));
  }

  @Test
  void whileKeysAreLookedUpItWorksForItsShareOfTheTime() {
    var throttle = throttleFromTen();
    seen(throttle, 1000, 1010);
    assertTakes(throttle, Duration.ofMillis(100), Duration.ofMillis(500));
  }

  @Test
  void noRestIsSoLongThatAnUploadSeemsSilent() {
    var throttle = throttleFromTen();
    seen(throttle, 0, 1_000_000);
    assertTakes(throttle, Duration.ofSeconds(10), Duration.ofSeconds(15));
  }

  @Test
  void whenTheQuestionsEndItGoesOnAtFullSpeedAlsoAfterTheCountBeganAnew() {
    var throttle = throttleFromTen();
    seen(throttle, 0, 1_000_000);
    time.advanceTimeBy(SECOND);
    throttle.note(3);
    assertTakes(throttle, Duration.ofMillis(100), Duration.ofMillis(100));
  }

  @Test
  void aFailureIsToldWithoutARest() {
    var throttle = throttleFromTen();
    seen(throttle, 0, 1_000_000);
    StepVerifier.create(throttle.throttled(Mono.error(new IllegalStateException("no"))))
        .verifyErrorMessage("no");
  }

  private void assertTakes(BulkThrottle throttle, Duration works, Duration whole) {
    var result = throttle.throttled(work(works)).toFuture();
    time.advanceTimeBy(whole.minusMillis(1));
    assertThat(result).isNotDone();
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(result).isCompletedWithValue("done");
  }
}
