package dev.stitchd.snapshot;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.ruleset.Ruleset;
import tools.jackson.databind.JsonNode;

/// One environment at one revision. Immutable.
///
/// @param tag 8 hex digits that name environment and store epoch in a cursor
/// @param accessVersion rises with each change of keys and settings
/// @param settings the environment's settings as JSON
/// @param ruleset everything needed to evaluate
/// @param ledger everything needed to tell SDKs, and what changed when
/// @param derived what others make of it
public record Snapshot(
    EnvironmentId environment,
    TenantId tenant,
    String environmentKey,
    String tag,
    long revision,
    long accessVersion,
    JsonNode settings,
    Ruleset ruleset,
    Ledger ledger,
    Derived derived) {

  /// The wire's name for this state: SSE `id` and `ETag`.
  public String cursor() {
    return tag + "." + revision;
  }
}
