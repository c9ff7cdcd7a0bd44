package dev.stitchd.kernel;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// What an editor has set for an environment as a whole, read once for each snapshot. Settings that
/// this version does not know are kept in `json` and otherwise passed over.
///
/// @param json as it is stored and published
/// @param allowedOrigins browser origins that its keys may be used from, `*` for all; null if that
///   was not set
/// @param privateAttributes attribute paths that rules may use and nothing stores, as
///   [AttributePath] writes them
/// @param autoRegisterEvents whether events that are tracked and not defined become defined
/// @param quota how many events it may send; null for no limit
public record EnvironmentSettings(
    JsonNode json,
    @Nullable Set<String> allowedOrigins,
    Set<String> privateAttributes,
    boolean autoRegisterEvents,
    @Nullable EventQuota quota) {

  /// Nothing is set.
  public static final EnvironmentSettings NONE = of(Json.object());

  /// A limit of events.
  ///
  /// @param perSecond events per second, over time
  /// @param burst how many may come at once
  public record EventQuota(double perSecond, double burst) {

    private static @Nullable EventQuota of(JsonNode quotas) {
      double perSecond = quotas.path("eventsPerSecond").asDouble(0);
      return perSecond <= 0
          ? null
          : new EventQuota(perSecond, quotas.path("eventsBurst").asDouble(2 * perSecond));
    }

    /// A part of it.
    public EventQuota percent(int percent) {
      return new EventQuota(perSecond * percent / 100, burst * percent / 100);
    }
  }

  /// Reads settings that were checked when they were written.
  public static EnvironmentSettings of(JsonNode json) {
    var origins = json.get("allowedOrigins");
    return new EnvironmentSettings(
        json,
        origins == null || !origins.isArray() ? null : texts(origins),
        AttributePath.canonical(texts(json.path("privateAttributes"))),
        json.path("autoRegisterEvents").asBoolean(false),
        EventQuota.of(json.path("quotas")));
  }

  private static Set<String> texts(JsonNode list) {
    var texts = new HashSet<String>();
    list.forEach(entry -> texts.add(entry.asString("")));
    return Set.copyOf(texts);
  }
}
