package dev.stitchd.access;

import dev.stitchd.kernel.TenantId;
import reactor.core.publisher.Mono;

/// The truth about API tokens and tenants. Everything fails as the driver does.
interface TokenStore {

  /// The token with this hash; empty if there is none.
  Mono<TokenHolder> holder(KeyHash hash);

  /// Keeps a first token if there is none at all; whether it was kept.
  Mono<Boolean> addFirst(String name, KeyHash hash);

  /// The tenant with this key; empty if there is none.
  Mono<TenantId> tenant(String key);
}
