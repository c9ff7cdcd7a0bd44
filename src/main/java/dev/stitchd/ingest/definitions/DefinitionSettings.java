package dev.stitchd.ingest.definitions;

import java.time.Duration;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How environments' event definitions are held.
///
/// @param environments most environments whose definitions are held at once
/// @param readWithin how long reading or registering definitions may take
/// @param registrations most registrations of new events at the same time; events beyond that are
///   taken and registered when they are seen again
public record DefinitionSettings(
    @DefaultValue("10000") int environments,
    @DefaultValue("2s") Duration readWithin,
    @DefaultValue("4") int registrations) {

  public DefinitionSettings {
    if (environments < 1 || registrations < 1) {
      throw new IllegalArgumentException(
          "stitchd.ingest.definitions.environments and registrations must be at least 1");
    }
  }
}
