package dev.stitchd.warehouse.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.warehouse.LiveEvents;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class LiveWatchTest {

  private static final Instant NOW = Instant.parse("2026-10-15T12:00:00Z");

  private final LiveSettings settings =
      new LiveSettings(
          1,
          Duration.ofSeconds(1),
          Duration.ofSeconds(2),
          3,
          Duration.ofMinutes(1),
          1,
          1,
          Duration.ofSeconds(1));
  private final LiveWatch watch = new LiveWatch(settings, NOW);

  /// Newest first, as the store answers.
  private static String answer(String... ids) {
    return Arrays.stream(ids)
        .map(id ->
            """
            {"type":"evaluation","id":"%s","at":"2026-10-15T12:00:00.000Z","received_at":"2026-10-15T12:00:00.100Z","source":"server_sdk","flag":"f","event":"","variant":"on","rule_id":"r1","reason":"","context_type":"user","context_key":"u","count":0,"code":"","detail":"","node":""}\
            """
                .formatted(id))
        .collect(Collectors.joining("\n"));
  }

  private java.util.List<String> told(String answer) {
    return watch.news(answer, NOW).stream()
        .map(item ->
            switch (item) {
              case LiveEvents.Item.Accepted(var event) -> event.path("id").asString();
              case LiveEvents.Item.Rejected(var event) -> "!" + event.path("id").asString();
              case LiveEvents.Item.Sampled(int shown) -> "sampled " + shown;
              case LiveEvents.Item.Degraded _, LiveEvents.Item.Quiet _, LiveEvents.Item.Goodbye _ ->
                  throw new AssertionError(item);
            })
        .toList();
  }

  @Test
  void eachIsToldOnceOldestFirstThoughWindowsOverlap() {
    assertThat(told(answer("b", "a"))).containsExactly("a", "b");
    assertThat(told(answer("d", "c", "b"))).containsExactly("c", "d");
    assertThat(told(answer("d", "c"))).isEmpty();
  }

  @Test
  void whenNothingOfAFullAnswerIsKnownSomeWasMissed() {
    assertThat(told(answer("c", "b", "a"))).containsExactly("a", "b", "c", "sampled 3");
    assertThat(told(answer("d", "c", "b"))).containsExactly("d");
    assertThat(told(answer("z", "y", "x"))).containsExactly("x", "y", "z", "sampled 3");
  }

  @Test
  void memoryIsBoundedByWhatOneLookBackCanShow() {
    for (int i = 0; i < 100; i++) {
      told(answer("n" + i));
    }
    assertThat(settings.remembered()).isEqualTo(12);
    assertThat(told(answer("n99"))).isEmpty();
    assertThat(told(answer("n88"))).isEmpty();
    assertThat(told(answer("n87"))).containsExactly("n87");
  }

  @Test
  void emptyFieldsAreLeftOut() {
    var item = watch.news(answer("a"), NOW).getFirst();
    assertThat(((LiveEvents.Item.Accepted) item).event())
        .hasToString(
            """
            {"type":"evaluation","id":"a","at":"2026-10-15T12:00:00.000Z","source":"server_sdk","flag":"f","variant":"on","receivedAt":"2026-10-15T12:00:00.100Z","ruleId":"r1","context":{"type":"user","targetingKey":"u"}}\
            """);
  }

  @Test
  void outageIsToldOnceAndSilenceNowAndThen() {
    assertThat(watch.failed("out", NOW)).containsExactly(new LiveEvents.Item.Degraded("out"));
    assertThat(watch.failed("out", NOW.plusSeconds(11))).isEmpty();
    assertThat(watch.failed("out", NOW.plusSeconds(12)))
        .containsExactly(new LiveEvents.Item.Quiet());
    assertThat(watch.news("", NOW.plusSeconds(13))).isEmpty();
    assertThat(watch.failed("out", NOW.plusSeconds(14)))
        .containsExactly(new LiveEvents.Item.Degraded("out"));
  }
}
