package dev.stitchd.access;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import java.util.UUID;

/// The holder of an SDK key.
public record SdkCaller(UUID keyId, TenantId tenant, EnvironmentId environment, Kind kind) {

  /// What a key may do: `server` keys see the whole ruleset, `client` keys (public) only evaluate
  /// flags marked client-visible.
  public enum Kind {
    SERVER,
    CLIENT
  }
}
