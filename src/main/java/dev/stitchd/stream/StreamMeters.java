package dev.stitchd.stream;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/// What streams count.
final class StreamMeters {

  private final MeterRegistry meters;
  private final Map<Frame.Kind, Counter> frames = new EnumMap<>(Frame.Kind.class);
  private final Map<Frame.Kind, Counter> bytes = new EnumMap<>(Frame.Kind.class);
  private final Map<StreamContent.Kind, OpenStreams> open = new EnumMap<>(StreamContent.Kind.class);
  private final Counter conflations;
  private final Counter stalled;
  private final Counter skipped;
  private final Timer fanOut;

  StreamMeters(MeterRegistry meters) {
    this.meters = meters;
    for (var kind : StreamContent.Kind.values()) {
      open.put(kind, new OpenStreams(meters, word(kind)));
    }
    for (var kind : Frame.Kind.values()) {
      frames.put(kind, counter("frames", "Frames written to streams", kind));
      bytes.put(kind, counter("bytes", "Bytes written to streams", kind));
    }
    conflations = counter("conflations", "Patches that carried several revisions at once");
    stalled = counter("stalled", "Streams closed because the client took nothing");
    skipped = counter("skipped", "Changes that a client was not written at once, being behind");
    fanOut =
        Timer.builder("stitchd.stream.fanout")
            .description("From a change's arrival here until an event loop has written it to all")
            .publishPercentileHistogram()
            .minimumExpectedValue(Duration.ofMillis(1))
            .maximumExpectedValue(Duration.ofSeconds(10))
            .register(meters);
  }

  /// The gauges of open streams by environment.
  OpenStreams open(StreamContent.Kind kind) {
    return of(open, kind);
  }

  void written(Frame frame) {
    written(frame, 1);
  }

  /// One frame to several streams.
  void written(Frame frame, int times) {
    written(frame.kind(), times, (long) times * frame.bytes().length);
  }

  void written(Frame.Kind kind, int times, long size) {
    if (times > 0) {
      of(frames, kind).increment(times);
      of(bytes, kind).increment(size);
    }
  }

  /// The beginning of a fan-out.
  Timer.Sample start() {
    return Timer.start(meters);
  }

  void fannedOut(Timer.Sample since) {
    since.stop(fanOut);
  }

  /// @param streams those that were behind when something changed
  void skipped(int streams) {
    skipped.increment(streams);
  }

  void conflated(int patches) {
    conflations.increment(patches);
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

  private Counter counter(String name, String description, Frame.Kind kind) {
    return Counter.builder("stitchd.stream." + name)
        .description(description)
        .tag("kind", word(kind))
        .register(meters);
  }

  private Counter counter(String name, String description) {
    return Counter.builder("stitchd.stream." + name).description(description).register(meters);
  }

  private static <K extends Enum<K>, V> V of(Map<K, V> meters, K kind) {
    var meter = meters.get(kind);
    if (meter == null) {
      throw new IllegalStateException("no meter for " + kind);
    }
    return meter;
  }

  private static String word(Enum<?> kind) {
    return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
