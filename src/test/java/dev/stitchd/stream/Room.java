package dev.stitchd.stream;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.background.RunningJob;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.MemorySnapshots;
import dev.stitchd.snapshot.Snapshot;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.time.Duration;
import java.util.SplittableRandom;
import org.springframework.util.unit.DataSize;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import tools.jackson.databind.JsonNode;

/// This room put together over memory, in virtual time.
final class Room {

  static final StreamSettings SETTINGS =
      new StreamSettings(
          Duration.ofSeconds(12),
          Duration.ofMinutes(30),
          Duration.ofMinutes(60),
          Duration.ofSeconds(60),
          Duration.ofSeconds(4),
          Duration.ofSeconds(1),
          Duration.ofSeconds(5),
          3,
          5,
          1_000_000,
          8,
          DataSize.ofKilobytes(64),
          Duration.ofSeconds(60),
          DataSize.ofMegabytes(1),
          Duration.ofSeconds(45),
          1,
          DataSize.ofBytes(512));

  static final Duration DRAIN = Duration.ofSeconds(20);

  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final MemorySnapshots snapshots;
  final EnvironmentId environment;
  final OneKey access;
  final Editions editions;
  final Places places;
  private final OpenStreams kind;
  final Loops loops;
  final Drain drain;
  final RunningJob draining;
  final Streams streams;
  final Writing writing;
  final ConfigEndpoint config;

  Room(Scheduler timer) {
    snapshots = new MemorySnapshots(timer);
    environment = snapshots.items.create();
    access = new OneKey(environment);
    var jitter = new Jitter(new SplittableRandom(7), SETTINGS);
    var streamMeters = new StreamMeters(meters);
    kind = streamMeters.open();
    editions = new Editions(new Encoder(Schedulers.immediate(), meters), SETTINGS);
    places = new Places(SETTINGS, jitter, streamMeters, timer);
    loops =
        new Loops(
            snapshots,
            access,
            editions,
            jitter,
            streamMeters,
            SETTINGS,
            allocator,
            new NoDeliveries());
    drain = new Drain(places, loops, new DrainSettings(DRAIN), jitter, streamMeters, timer);
    streams =
        new Streams(snapshots, access, editions, drain, jitter, streamMeters, SETTINGS, timer);
    draining = RunningJob.start(drain, timer);
    writing = new Writing(drain, jitter, streamMeters, SETTINGS, timer);
    config =
        new ConfigEndpoint(
            access,
            snapshots,
            editions,
            loops,
            drain,
            streamMeters,
            new NoInstances(),
            SETTINGS,
            timer);
  }

  /// Frames of a new stream.
  ///
  /// @param resume as in `Last-Event-ID`; null for none
  Flux<Frame> frames(String resume) {
    return streams.frames(access.caller, Cursor.parse(resume));
  }

  void enter(SdkCaller caller) {
    places.enter(caller, kind);
  }

  void leave(SdkCaller caller) {
    places.leave(caller, kind);
  }

  Snapshot current() {
    return snapshots.current(environment).block();
  }

  /// Bytes of buffers that have not been released.
  long allocated() {
    return allocator.metric().usedDirectMemory() + allocator.metric().usedHeapMemory();
  }

  double count(String meter, String... tags) {
    var counter = meters.find(meter).tags(tags).counter();
    return counter == null ? 0 : counter.count();
  }

  static String text(Frame frame) {
    return new String(frame.bytes(), UTF_8);
  }

  /// The JSON of a frame's `data:` line.
  static JsonNode data(Frame frame) {
    return Json.parseOwn(
        text(frame)
            .lines()
            .filter(line -> line.startsWith("data: "))
            .findFirst()
            .orElseThrow()
            .substring(6));
  }
}
