package dev.stitchd.warehouse.rollup;

import tools.jackson.databind.JsonNode;

/// An hour of a flag, which has one rollup of each kind. Immutable.
///
/// @param environment its id
/// @param began in seconds
public record FlagHour(String environment, String flag, long began) {

  /// Reads a row with columns of these names.
  public static FlagHour of(JsonNode row) {
    return new FlagHour(
        row.path("environment").asString(),
        row.path("flag").asString(),
        row.path("began").asLong());
  }

  /// As statements name it.
  public String literal() {
    return "(" + members() + ")";
  }

  String members() {
    return "toUUID('%s'), '%s', toDateTime(%d, 'UTC')"
        .formatted(environment, flag.replace("\\", "\\\\").replace("'", "\\'"), began);
  }
}
