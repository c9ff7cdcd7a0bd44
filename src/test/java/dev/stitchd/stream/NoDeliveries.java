package dev.stitchd.stream;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.propagation.Deliveries;

/// For tests in which nobody counts.
final class NoDeliveries implements Deliveries {

  @Override
  public void sent(EnvironmentId environment, long from, long to, int streams) {}

  @Override
  public void ended(EnvironmentId environment, long at, int streams) {}
}
