package dev.stitchd.runtime;

import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.RootCause;
import io.r2dbc.spi.R2dbcException;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Hooks;

/// What fails when nobody waits for it any more, as a statement whose caller was answered when its
/// time was over. That a store does not answer is told by whoever asked, and here to nobody;
/// anything else is a defect. Without this, Reactor would log each as an error with its stack
/// trace.
@Component
final class DroppedErrors {

  private static final Logger LOG = LoggerFactory.getLogger(DroppedErrors.class);

  DroppedErrors() {
    Hooks.resetOnErrorDropped();
    Hooks.onErrorDropped(DroppedErrors::dropped);
  }

  private static void dropped(Throwable failure) {
    if (isOutage(failure)) {
      LOG.debug("Failed after nobody waited for it any more: {}", RootCause.of(failure));
    } else {
      LOG.error(
          "An unexpected failure of which nobody could be told any more ({}); please report it",
          RootCause.of(failure),
          failure);
    }
  }

  private static boolean isOutage(Throwable failure) {
    return switch (failure) {
      case Problem _,
          R2dbcException _,
          IOException _,
          TimeoutException _,
          RejectedExecutionException _,
          CancellationException _ ->
          true;
      default -> failure.getCause() != null && isOutage(failure.getCause());
    };
  }
}
