package dev.stitchd.stream;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.background.Draining;
import dev.stitchd.background.RunningJob;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.snapshot.MemorySnapshots;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.stream.sdk.MemorySdkStreams;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.time.Duration;
import java.util.SplittableRandom;
import org.springframework.util.unit.DataSize;
import reactor.core.scheduler.Scheduler;

/// This room put together over memory, in virtual time.
public final class Room {

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
          DataSize.ofKilobytes(64),
          Duration.ofSeconds(45));

  static final Duration DRAIN = Duration.ofSeconds(20);

  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  public final MemorySnapshots snapshots;
  public final EnvironmentId environment;
  public final OneKey access;
  final StreamLimits limits;
  final StreamEngine engine;
  final Drain drain;
  public final RunningJob draining;
  public final MemorySdkStreams sdk;

  public Room(Scheduler timer) {
    snapshots = new MemorySnapshots(timer);
    environment = snapshots.items.create();
    access = new OneKey(environment);
    var jitter = new Jitter(new SplittableRandom(7), SETTINGS);
    var streamMeters = new StreamMeters(meters);
    limits = new StreamLimits(SETTINGS, jitter, streamMeters, timer);
    engine =
        new StreamEngine(
            snapshots, access, jitter, streamMeters, SETTINGS, allocator, new NoDeliveries());
    drain = new Drain(limits, engine, new Draining(DRAIN), jitter, streamMeters, timer);
    draining = RunningJob.start(drain, timer);
    var streams = new EventStreams(limits, drain, engine);
    sdk = new MemorySdkStreams(access, snapshots, streams, meters, allocator, timer);
  }

  /// What a new stream of an SDK carries.
  ///
  /// @param resume as in `Last-Event-ID`; null for none
  StreamContent content(String resume) {
    return sdk.content(resume);
  }

  void enter(SdkCaller caller) {
    limits.enter(caller, StreamContent.Kind.SDK);
  }

  void leave(SdkCaller caller) {
    limits.leave(caller, StreamContent.Kind.SDK);
  }

  public Snapshot current() {
    return snapshots.current(environment).block();
  }

  /// Bytes of buffers that have not been released.
  long allocated() {
    return allocator.metric().usedDirectMemory() + allocator.metric().usedHeapMemory();
  }

  public double count(String meter, String... tags) {
    var counter = meters.find(meter).tags(tags).counter();
    return counter == null ? 0 : counter.count();
  }
}
