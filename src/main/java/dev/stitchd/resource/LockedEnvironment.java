package dev.stitchd.resource;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.revisionlog.EnvironmentRevision;
import java.util.UUID;

/// An environment whose row a transaction holds, at the revision and access version that it makes.
///
/// @param production whether only publishers change it
public record LockedEnvironment(
    EnvironmentId id,
    UUID projectId,
    String key,
    boolean production,
    long revision,
    long accessVersion) {

  /// Where the transaction takes it.
  public EnvironmentRevision at(TenantId tenant) {
    return new EnvironmentRevision(tenant, id, revision, accessVersion);
  }
}
