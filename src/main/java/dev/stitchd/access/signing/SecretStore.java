package dev.stitchd.access.signing;

import reactor.core.publisher.Mono;

/// Where the secret of an installation is kept that was given none.
public interface SecretStore {

  /// The secret's bytes. Fails as the driver does.
  Mono<byte[]> secret();
}
