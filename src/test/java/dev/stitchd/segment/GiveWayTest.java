package dev.stitchd.segment;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

class GiveWayTest {

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
  private GiveWay giveWay() {
    return new GiveWay(null, ListSettingsTest.bind(Map.of("share-while-asked", "20")), time);
  }

  private Mono<String> work(Duration takes) {
    return Mono.delay(takes, time).thenReturn("done");
  }

  private void seen(GiveWay giveWay, long first, long aSecondLater) {
    giveWay.saw(first);
    time.advanceTimeBy(SECOND);
    giveWay.saw(aSecondLater);
  }

  @Test
  void whileNobodyAsksThereIsNoRest() {
    var giveWay = giveWay();
    seen(giveWay, 1000, 1009);
    assertTakes(giveWay, Duration.ofMillis(100), Duration.ofMillis(100));
  }

  @Test
  void beforeAnythingIsKnownThereIsNoRest() {
    var giveWay = giveWay();
    giveWay.saw(1_000_000);
    assertTakes(giveWay, Duration.ofMillis(100), Duration.ofMillis(100));
  }

  @Test
  void whileKeysAreLookedUpItWorksForItsShareOfTheTime() {
    var giveWay = giveWay();
    seen(giveWay, 1000, 1010);
    assertTakes(giveWay, Duration.ofMillis(100), Duration.ofMillis(500));
  }

  @Test
  void noRestIsSoLongThatAnUploadSeemsSilent() {
    var giveWay = giveWay();
    seen(giveWay, 0, 1_000_000);
    assertTakes(giveWay, Duration.ofSeconds(10), Duration.ofSeconds(15));
  }

  @Test
  void whenTheQuestionsEndItGoesOnAtFullSpeedAlsoAfterTheCountBeganAnew() {
    var giveWay = giveWay();
    seen(giveWay, 0, 1_000_000);
    time.advanceTimeBy(SECOND);
    giveWay.saw(3);
    assertTakes(giveWay, Duration.ofMillis(100), Duration.ofMillis(100));
  }

  @Test
  void aFailureIsToldWithoutARest() {
    var giveWay = giveWay();
    seen(giveWay, 0, 1_000_000);
    StepVerifier.create(giveWay.resting(Mono.error(new IllegalStateException("no"))))
        .verifyErrorMessage("no");
  }

  private void assertTakes(GiveWay giveWay, Duration works, Duration whole) {
    var result = giveWay.resting(work(works)).toFuture();
    time.advanceTimeBy(whole.minusMillis(1));
    assertThat(result).isNotDone();
    time.advanceTimeBy(Duration.ofMillis(1));
    assertThat(result).isCompletedWithValue("done");
  }
}
