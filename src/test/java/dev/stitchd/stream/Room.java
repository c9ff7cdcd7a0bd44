package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.background.RunningJob;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.MemorySnapshots;
import dev.stitchd.snapshot.Snapshot;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.time.Duration;
import java.util.SplittableRandom;
import org.springframework.util.unit.DataSize;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

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
  final StreamLimits limits;
  final StreamEngine engine;
  final Drain drain;
  final RunningJob draining;
  final ConfigEndpoint config;

  Room(Scheduler timer) {
    snapshots = new MemorySnapshots(timer);
    environment = snapshots.items.create();
    access = new OneKey(environment);
    var jitter = new Jitter(new SplittableRandom(7), SETTINGS);
    var streamMeters = new StreamMeters(meters);
    editions = new Editions(new Encoder(Schedulers.immediate(), meters), SETTINGS);
    limits = new StreamLimits(SETTINGS, jitter, streamMeters, timer);
    engine =
        new StreamEngine(
            snapshots, access, jitter, streamMeters, SETTINGS, allocator, new NoDeliveries());
    drain = new Drain(limits, engine, new DrainSettings(DRAIN), jitter, streamMeters, timer);
    draining = RunningJob.start(drain, timer);
    config =
        new ConfigEndpoint(
            access,
            snapshots,
            editions,
            engine,
            drain,
            streamMeters,
            new NoInstances(),
            SETTINGS,
            timer);
  }

  /// What a new stream of an SDK carries.
  ///
  /// @param resume as in `Last-Event-ID`; null for none
  StreamContent content(String resume) {
    return new SdkContent(Cursor.parse(resume), editions, new StreamMeters(meters));
  }

  void enter(SdkCaller caller) {
    limits.enter(caller, StreamContent.Kind.SDK);
  }

  void leave(SdkCaller caller) {
    limits.leave(caller, StreamContent.Kind.SDK);
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
}
