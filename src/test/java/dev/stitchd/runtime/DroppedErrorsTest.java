package dev.stitchd.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.LogLines;
import dev.stitchd.kernel.Problem;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import reactor.core.Exceptions;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

class DroppedErrorsTest {

  /// Others log too.
  private static final String LATE = "late " + UUID.randomUUID();

  private static final String DEFECT = "a defect " + UUID.randomUUID();

  @Test
  void storesThatDoNotAnswerAreToldByWhoeverAskedAndDefectsHere() {
    var _ = new DroppedErrors();
    try (var log = LogLines.open()) {
      drop(new TimeoutException(LATE));
      drop(new R2dbcTimeoutException(LATE));
      drop(new Problem.Unavailable(LATE, Duration.ZERO, new TimeoutException(LATE)));
      drop(Exceptions.propagate(new TimeoutException(LATE)));
      drop(Exceptions.errorCallbackNotImplemented(new IOException(LATE)));
      assertThat(log.with(LATE)).isZero();

      drop(new IllegalStateException(DEFECT));
      assertThat(log.lines())
          .anyMatch(line -> line.startsWith("ERROR An unexpected") && line.contains(DEFECT));
    }
  }

  private static void drop(Throwable failure) {
    Operators.onErrorDropped(failure, Context.empty());
  }
}
