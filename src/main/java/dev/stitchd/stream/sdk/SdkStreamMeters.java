package dev.stitchd.stream.sdk;

import dev.stitchd.stream.Frame;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/// What SDKs were answered. Safe from any thread.
final class SdkStreamMeters {

  private final Map<Frame.Kind, Counter> resumes = new EnumMap<>(Frame.Kind.class);
  private final Counter fresh;
  private final Counter put;
  private final Counter patch;
  private final Counter unchanged;

  SdkStreamMeters(MeterRegistry meters) {
    for (var kind : Frame.Kind.values()) {
      resumes.put(
          kind,
          Counter.builder("stitchd.stream.resumes")
              .description("What clients with a cursor were answered")
              .tag("kind", kind.name().toLowerCase(Locale.ROOT))
              .register(meters));
    }
    fresh =
        Counter.builder("stitchd.stream.fresh")
            .description("Streams that began without a cursor")
            .register(meters);
    put = answers("put", meters);
    patch = answers("patch", meters);
    unchanged = answers("unchanged", meters);
  }

  /// The beginning of a stream.
  ///
  /// @param hadCursor whether the client said where it is
  void began(boolean hadCursor, Frame.Kind answer) {
    (hadCursor ? Objects.requireNonNull(resumes.get(answer)) : fresh).increment();
  }

  /// A poll that is told everything, or what changed.
  void polled(Frame.Kind answer) {
    (answer == Frame.Kind.PATCH ? patch : put).increment();
  }

  /// A poll that is told nothing.
  void unchanged() {
    unchanged.increment();
  }

  private static Counter answers(String what, MeterRegistry meters) {
    return Counter.builder("stitchd.config.answers")
        .description("Answers to polls")
        .tag("what", what)
        .register(meters);
  }
}
