package dev.stitchd.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.ref.WeakReference;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.test.scheduler.VirtualTimeScheduler;

class EditionsTest {

  private final Room room = new Room(VirtualTimeScheduler.create());

  @Test
  void allWhoServeASnapshotServeOneEditionOfIt() {
    room.snapshots.publishFlag(room.environment, "a");
    assertThat(room.editions.of(room.current())).isSameAs(room.editions.of(room.current()));
  }

  @Test
  void whatWasEncodedGoesTogetherWithItsSnapshot() {
    room.snapshots.publishFlag(room.environment, "a");
    var edition = new WeakReference<>(room.editions.of(room.current()));
    room.snapshots.publishFlag(room.environment, "b");
    room.snapshots.publishFlag(room.environment, "c"); // the last but one is held by who replays

    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> {
          System.gc();
          return edition.get() == null;
        });
  }
}
