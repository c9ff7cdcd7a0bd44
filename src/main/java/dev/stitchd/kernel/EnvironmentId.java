package dev.stitchd.kernel;

import java.util.UUID;

/// An environment's identity, unique across tenants: the scope of a revision, of SDK keys and of
/// events.
public record EnvironmentId(UUID value) {

  @Override
  public String toString() {
    return value.toString();
  }
}
