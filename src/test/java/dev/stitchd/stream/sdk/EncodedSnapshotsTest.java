package dev.stitchd.stream.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stitchd.stream.Room;
import java.lang.ref.WeakReference;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.test.scheduler.VirtualTimeScheduler;

class EncodedSnapshotsTest {

  private final Room room = new Room(VirtualTimeScheduler.create());

  @Test
  void aSnapshotIsEncodedOnceForAllWhoServeIt() {
    room.snapshots.publishFlag(room.environment, "a");
    assertThat(room.sdk.encodings.of(room.current()))
        .isSameAs(room.sdk.encodings.of(room.current()));
  }

  @Test
  void whatWasEncodedGoesTogetherWithItsSnapshot() {
    room.snapshots.publishFlag(room.environment, "a");
    var encoded = new WeakReference<>(room.sdk.encodings.of(room.current()));
    room.snapshots.publishFlag(room.environment, "b");
    room.snapshots.publishFlag(room.environment, "c"); // the last but one is held by who replays

    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> {
          System.gc();
          return encoded.get() == null;
        });
  }
}
