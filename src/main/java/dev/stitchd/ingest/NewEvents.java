package dev.stitchd.ingest;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import java.util.Collection;
import reactor.core.publisher.Mono;

/// Where events that were seen for the first time are defined.
interface NewEvents {

  /// Emits how many became defined.
  Mono<Integer> register(TenantId tenant, EnvironmentId environment, Collection<String> keys);
}
