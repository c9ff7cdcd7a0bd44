package dev.stitchd.stream.sdk;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.propagation.Instances;
import dev.stitchd.snapshot.Snapshot;

/// For tests in which nobody names instances.
final class NoInstances implements Instances {

  @Override
  public void noted(Snapshot snapshot, String header, String cursor) {}

  @Override
  public String connected(Snapshot snapshot, String header, String cursor) {
    return null;
  }

  @Override
  public void gone(EnvironmentId environment, String instance) {}
}
