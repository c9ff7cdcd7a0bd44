package dev.stitchd.delivery;

import dev.stitchd.kernel.EnvironmentId;
import java.time.Instant;
import java.util.Set;
import reactor.core.publisher.Mono;

/// Whoever has to know that events were stored long after they were received: they had waited on
/// disk, or in memory.
public interface LateEvents {

  /// Told after they were stored and before they are settled. As long as this fails, they are
  /// stored again, under their token, and told again.
  ///
  /// @param environments that the events are of
  /// @param receivedSince no event was received earlier
  Mono<Void> stored(Set<EnvironmentId> environments, Instant receivedSince);
}
