package dev.stitchd.kernel;

import java.util.UUID;

/// An environment's identity, unique across tenants: the scope of a revision, of SDK keys and of
/// events.
public record EnvironmentId(UUID value) {

  /// An environment of no tenant, with which a node warms up: nothing of it is counted or stored.
  public static final EnvironmentId REHEARSED = new EnvironmentId(new UUID(0, 0));

  @Override
  public String toString() {
    return value.toString();
  }
}
