package dev.stitchd.segment;

import dev.stitchd.kernel.EnvironmentId;
import java.util.UUID;

/// The fake can be trusted.
class MemoryMembershipsTest implements MembershipsContract {

  private final MemoryMemberships memberships = new MemoryMemberships();
  private final EnvironmentId environment = new EnvironmentId(new UUID(0, 1));
  private final EnvironmentId other = new EnvironmentId(new UUID(0, 2));

  @Override
  public Memberships memberships() {
    return memberships;
  }

  @Override
  public EnvironmentId environment() {
    return environment;
  }

  @Override
  public EnvironmentId otherEnvironment() {
    return other;
  }

  @Override
  public void add(EnvironmentId of, String segment, String key, boolean included) {
    memberships.add(of, segment, key, included);
  }
}
