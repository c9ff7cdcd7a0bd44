package dev.stitchd.ingest;

import dev.stitchd.delivery.Event;
import dev.stitchd.ingest.quota.Allowance;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import java.util.Set;
import java.util.function.Predicate;

/// Who sends events, and what they may send.
///
/// @param isPublic whether the key is public, and may send no `count`
/// @param hidden paths of contexts that the environment lets nobody store
/// @param maySee the flags that they may name
/// @param tracks the events that the environment takes
/// @param allowance how many events they may send
record Sender(
    TenantId tenant,
    EnvironmentId environment,
    Event.Source source,
    boolean isPublic,
    Set<String> hidden,
    Predicate<String> maySee,
    TrackRules tracks,
    Allowance allowance) {

  Sender {
    hidden = Set.copyOf(hidden);
  }

  Sender with(TrackRules rules) {
    return new Sender(tenant, environment, source, isPublic, hidden, maySee, rules, allowance);
  }
}
