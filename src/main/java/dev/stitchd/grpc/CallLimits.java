package dev.stitchd.grpc;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// How many calls of one key may wait for an answer at the same time, so that one application does
/// not keep the others from what all wait for. Safe from any thread.
@Component
public final class CallLimits {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final int perKey;
  private final ConcurrentMap<UUID, Integer> waiting = new ConcurrentHashMap<>();

  CallLimits(GrpcSettings settings) {
    this.perKey = settings.perKey();
  }

  /// An answer that has to be waited for. Fails with [Problem.TooMany] if as many of this key are
  /// waited for as may be.
  public <T> Mono<T> within(SdkCaller caller, Mono<T> answer) {
    return Mono.using(() -> enter(caller.keyId()), _ -> answer, this::leave);
  }

  /// Keys that something is waited for.
  int keys() {
    return waiting.size();
  }

  private UUID enter(UUID key) {
    if (waiting.merge(key, 1, Integer::sum) > perKey) {
      leave(key);
      throw new Problem.TooMany(
          "this key waits for as many answers as it may at the same time", RETRY_AFTER);
    }
    return key;
  }

  private void leave(UUID key) {
    var _ = waiting.computeIfPresent(key, (_, count) -> count == 1 ? null : count - 1);
  }
}
