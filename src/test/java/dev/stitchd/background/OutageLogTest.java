package dev.stitchd.background;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.LogLines;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class OutageLogTest {

  private static final Exception LATE = new IllegalStateException("late");

  private final OutageLog outage =
      new OutageLog(
          LoggerFactory.getLogger(OutageLogTest.class),
          "The outage log's test does not work",
          "The outage log's test works again");

  private static List<String> said(LogLines log) {
    return log.lines().stream().filter(line -> line.contains("The outage log's test")).toList();
  }

  @Test
  void anOutageIsSaidOnceAndItsEndOnce() {
    try (var log = LogLines.open()) {
      outage.worked();
      outage.failed(LATE);
      outage.failed(LATE, outage.begin());
      outage.worked();
      outage.worked();
      assertThat(said(log))
          .containsExactly(
              "WARN The outage log's test does not work: java.lang.IllegalStateException: late",
              "INFO The outage log's test works again");
    }
  }

  @Test
  void anAttemptThatBeganBeforeAnotherWorkedSaysNothingWhenItFailsLater() {
    try (var log = LogLines.open()) {
      outage.failed(LATE);
      long hanging = outage.begin();
      outage.worked();
      outage.failed(LATE, hanging);
      assertThat(said(log)).hasSize(2);
      outage.failed(LATE, outage.begin());
      assertThat(said(log)).hasSize(3);
    }
  }
}
