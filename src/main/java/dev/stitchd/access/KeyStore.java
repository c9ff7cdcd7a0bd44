package dev.stitchd.access;

import dev.stitchd.kernel.EnvironmentId;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import reactor.core.publisher.Mono;

/// The truth about SDK keys.
interface KeyStore {

  /// A key that is not revoked, with the access version of its environment at the moment of
  /// reading.
  record Stored(SdkCaller caller, KeyHash hash, long accessVersion) {}

  /// The keys of an environment that are not revoked, as of an access version.
  record Valid(long accessVersion, Set<UUID> keys) {}

  /// The valid key with this hash; empty if there is none. Fails as the driver does.
  Mono<Stored> find(KeyHash hash);

  /// The valid key with this id; empty if there is none. Fails as the driver does.
  Mono<Stored> find(UUID id);

  /// Notes that keys were used just now. Fails as the driver does.
  Mono<Void> used(Collection<UUID> keys);

  /// The valid keys of these environments; environments that do not exist are left out. Fails as
  /// the driver does.
  Mono<Map<EnvironmentId, Valid>> valid(Collection<EnvironmentId> environments);
}
