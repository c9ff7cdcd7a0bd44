package dev.stitchd.grpc;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.Problem;
import io.grpc.Context;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.springframework.stereotype.Component;

/// How many unary calls of one key are open at the same time, so that one application does not keep
/// the others from what all wait for. A call is open until its client has the answer: one that does
/// not read is counted on. Safe from any thread.
@Component
public final class CallLimits {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final int perKey;
  private final ConcurrentMap<UUID, Integer> open = new ConcurrentHashMap<>();

  CallLimits(GrpcSettings settings) {
    this.perKey = settings.perKey();
  }

  /// Counts a call until it ends.
  ///
  /// @param call its context, which ends with it
  /// @throws Problem.TooMany if as many of this key are open as may be
  public void enter(SdkCaller caller, Context call) {
    var key = caller.keyId();
    if (open.merge(key, 1, Integer::sum) > perKey) {
      leave(key);
      throw new Problem.TooMany(
          "this key has as many calls open as it may at the same time", RETRY_AFTER);
    }
    call.addListener(_ -> leave(key), Runnable::run);
  }

  /// Keys that have a call open.
  int keys() {
    return open.size();
  }

  private void leave(UUID key) {
    var _ = open.computeIfPresent(key, (_, count) -> count == 1 ? null : count - 1);
  }
}
