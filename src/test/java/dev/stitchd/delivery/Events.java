package dev.stitchd.delivery;

import dev.stitchd.kernel.EnvironmentId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;

/// Events for tests.
public final class Events {

  public static final Instant NOON = Instant.parse("2026-10-15T12:00:00Z");

  private Events() {}

  public static EnvironmentId environment() {
    return new EnvironmentId(UUID.randomUUID());
  }

  public static Event.Evaluation evaluation(EnvironmentId environment, Instant at, String variant) {
    return new Event.Evaluation(
        environment,
        UUID.randomUUID(),
        at,
        at.plusMillis(7),
        Event.Source.SERVER_SDK,
        "checkout",
        variant,
        "eu",
        "SPLIT",
        "user",
        "u-" + UUID.randomUUID(),
        Map.of("plan", "pro"));
  }

  public static List<Event> evaluations(EnvironmentId environment, int count) {
    return IntStream.range(0, count)
        .<Event>mapToObj(i -> evaluation(environment, NOON.plusMillis(i), "on"))
        .toList();
  }

  public static Event.Track track(EnvironmentId environment, Instant at, double value) {
    return new Event.Track(
        environment,
        UUID.randomUUID(),
        at,
        at.plusMillis(7),
        Event.Source.SERVER_SDK,
        "purchase",
        value,
        "{\"currency\":\"EUR\"}",
        "user",
        "u-" + UUID.randomUUID(),
        Map.of("plan", "pro"));
  }

  public static Event.Count count(EnvironmentId environment, Instant at, long count) {
    return new Event.Count(
        environment,
        UUID.randomUUID(),
        at,
        at.plusMillis(7),
        Event.Source.SERVER_SDK,
        "checkout",
        "on",
        count);
  }
}
