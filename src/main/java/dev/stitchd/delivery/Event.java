package dev.stitchd.delivery;

import dev.stitchd.kernel.EnvironmentId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Something that happened, on its way to the event store. Identity is (environment, id).
public sealed interface Event {

  EnvironmentId environment();

  UUID id();

  /// When it happened, by the clock of whoever saw it.
  Instant at();

  /// When it reached this server.
  Instant receivedAt();

  Source source();

  /// Who made the event.
  enum Source {
    SERVER_SDK,
    CLIENT_SDK,
    /// This server, by evaluating remotely.
    STITCHD
  }

  /// One context was given one variant of a flag.
  record Evaluation(
      EnvironmentId environment,
      UUID id,
      Instant at,
      Instant receivedAt,
      Source source,
      String flag,
      String variant,
      @Nullable String ruleId,
      @Nullable String reason,
      String contextType,
      String contextKey)
      implements Event {}

  /// A flag's variant was given so many times, to nobody in particular; never an exposure.
  record Count(
      EnvironmentId environment,
      UUID id,
      Instant at,
      Instant receivedAt,
      Source source,
      String flag,
      String variant,
      long count)
      implements Event {}
}
