package dev.stitchd.stream.sdk;

import dev.stitchd.access.Access;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.OlderRemovals;
import dev.stitchd.snapshot.Snapshots;
import dev.stitchd.stream.EventStreams;
import dev.stitchd.stream.StreamContent;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import org.springframework.util.unit.DataSize;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// What SDKs are told, put together for tests.
public final class MemorySdkStreams {

  private static final SdkStreamSettings SETTINGS =
      new SdkStreamSettings(
          8, Duration.ofSeconds(60), DataSize.ofMegabytes(1), 1, DataSize.ofBytes(512));

  private final SdkStreamMeters meters;
  final EncodedSnapshots encodings;
  final ConfigEndpoint config;

  public MemorySdkStreams(
      Access access,
      Snapshots snapshots,
      EventStreams streams,
      MeterRegistry registry,
      ByteBufAllocator allocator,
      Scheduler timer) {
    meters = new SdkStreamMeters(registry);
    encodings =
        new EncodedSnapshots(
            new SnapshotEncoder(Schedulers.immediate(), registry), SETTINGS.patches());
    config =
        new ConfigEndpoint(
            access,
            snapshots,
            encodings,
            new BodyBuffers(allocator, SETTINGS.pollBodies().toBytes()),
            streams,
            meters,
            new NoInstances(),
            SETTINGS,
            timer);
  }

  /// What a new stream of an SDK carries.
  ///
  /// @param resume as in `Last-Event-ID`; null for none
  public StreamContent content(String resume) {
    return content(resume, false);
  }

  /// As [#content(String)].
  ///
  /// @param nonexistent whether the store has no such place
  public StreamContent content(String resume, boolean nonexistent) {
    return new SdkContent(Cursor.parse(resume), nonexistent, OlderRemovals.NONE, encodings, meters);
  }
}
