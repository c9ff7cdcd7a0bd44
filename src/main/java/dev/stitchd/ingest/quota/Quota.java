package dev.stitchd.ingest.quota;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// An environment's limit.
///
/// @param perSecond events per second, over time
/// @param burst how many may come at once
record Quota(double perSecond, double burst) {

  /// The quota in an environment's settings; null for none.
  static @Nullable Quota of(JsonNode settings) {
    var quotas = settings.path("quotas");
    double perSecond = quotas.path("eventsPerSecond").asDouble(0);
    return perSecond <= 0
        ? null
        : new Quota(perSecond, quotas.path("eventsBurst").asDouble(2 * perSecond));
  }

  /// A part of it.
  Quota percent(int percent) {
    return new Quota(perSecond * percent / 100, burst * percent / 100);
  }
}
