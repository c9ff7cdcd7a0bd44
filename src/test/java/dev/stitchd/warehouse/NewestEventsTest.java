package dev.stitchd.warehouse;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class NewestEventsTest {

  private static final Instant FROM = Instant.parse("2026-10-15T08:00:00Z");
  private static final Instant TO = Instant.parse("2026-10-15T12:30:00Z");

  /// 100 in the open half hour, 1 000 in the hour before, none in the one before that.
  private final NewestEvents newest =
      new NewestEvents(FROM, TO, List.of(hour(12, 100), hour(11, 1_000), hour(9, 50)));

  private static NewestEvents.Hour hour(int hour, long events) {
    return new NewestEvents.Hour(Instant.parse("2026-10-15T%02d:00:00Z".formatted(hour)), events);
  }

  @Test
  void fewReachBackAPartOfAnHour() {
    assertThat(newest.since(50)).isEqualTo("2026-10-15T12:15:00Z");
    assertThat(newest.since(350)).isEqualTo("2026-10-15T11:45:00Z");
  }

  @Test
  void allThereAreReachBackToTheFirstMoment() {
    assertThat(newest.since(1_150)).isEqualTo(FROM);
    assertThat(newest.since(Long.MAX_VALUE)).isEqualTo(FROM);
    assertThat(new NewestEvents(FROM, TO, List.of()).since(1)).isEqualTo(FROM);
  }

  @Test
  void whatIsAskedAboutIsNeverLeft() {
    var early = new NewestEvents(FROM.plusSeconds(1_800), TO, List.of(hour(8, 1_000)));
    assertThat(early.since(900)).isEqualTo(FROM.plusSeconds(1_800));
  }
}
