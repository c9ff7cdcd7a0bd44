package dev.stitchd.stream;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/// What streams and polls count.
final class StreamMeters {

  private final MeterRegistry meters;
  private final Map<Frame.Kind, Counter> frames = new EnumMap<>(Frame.Kind.class);
  private final Map<Frame.Kind, Counter> bytes = new EnumMap<>(Frame.Kind.class);
  private final Map<Frame.Kind, Counter> resumes = new EnumMap<>(Frame.Kind.class);
  private final Map<Frame.Kind, Counter> polls = new EnumMap<>(Frame.Kind.class);
  private final Counter unchanged;
  private final Counter fresh;
  private final Counter conflations;
  private final Counter stalled;

  StreamMeters(MeterRegistry meters) {
    this.meters = meters;
    for (var kind : Frame.Kind.values()) {
      frames.put(kind, counter("frames", "Frames written to streams", kind));
      bytes.put(kind, counter("bytes", "Bytes written to streams", kind));
      resumes.put(kind, counter("resumes", "What clients with a cursor were answered", kind));
    }
    polls.put(Frame.Kind.PUT, answers("put"));
    polls.put(Frame.Kind.PATCH, answers("patch"));
    unchanged = answers("unchanged");
    fresh = counter("fresh", "Streams that began without a cursor");
    conflations = counter("conflations", "Patches that carried several revisions at once");
    stalled = counter("stalled", "Streams closed because the client took nothing");
  }

  void written(Frame frame) {
    of(frames, frame.kind()).increment();
    of(bytes, frame.kind()).increment(frame.bytes().length);
  }

  void resumed(boolean hadCursor, Frame.Kind answer) {
    (hadCursor ? of(resumes, answer) : fresh).increment();
  }

  void conflated() {
    conflations.increment();
  }

  void stalled() {
    stalled.increment();
  }

  /// @param why `per-key`, `per-node`, `per-second` or `draining`
  void refused(String why) {
    Counter.builder("stitchd.stream.refused")
        .description("Streams not accepted")
        .tag("why", why)
        .register(meters)
        .increment();
  }

  /// @param answer a put or a patch
  void polled(Frame.Kind answer) {
    of(polls, answer).increment();
  }

  void unchanged() {
    unchanged.increment();
  }

  private Counter counter(String name, String description, Frame.Kind kind) {
    return Counter.builder("stitchd.stream." + name)
        .description(description)
        .tag("kind", kind.name().toLowerCase(Locale.ROOT))
        .register(meters);
  }

  private Counter counter(String name, String description) {
    return Counter.builder("stitchd.stream." + name).description(description).register(meters);
  }

  private Counter answers(String what) {
    return Counter.builder("stitchd.config.answers")
        .description("Answers to polls")
        .tag("what", what)
        .register(meters);
  }

  private static Counter of(Map<Frame.Kind, Counter> counters, Frame.Kind kind) {
    var counter = counters.get(kind);
    if (counter == null) {
      throw new IllegalStateException("no counter for " + kind);
    }
    return counter;
  }
}
