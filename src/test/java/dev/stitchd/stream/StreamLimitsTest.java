package dev.stitchd.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.test.scheduler.VirtualTimeScheduler;

class StreamLimitsTest {

  private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
  private final Room room = new Room(time);

  @Test
  void aKeyHasAShareOfItsOwn() {
    for (int i = 0; i < 3; i++) {
      room.enter(room.access.caller);
    }

    assertThatThrownBy(() -> room.enter(room.access.caller))
        .isInstanceOfSatisfying(
            Problem.TooMany.class,
            problem ->
                assertThat(problem.retryAfter())
                    .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(5)));

    room.leave(room.access.caller);
    room.enter(room.access.caller);
    assertThat(room.limits.open()).isEqualTo(3);
  }

  @Test
  void aNodeHasALimit() {
    var keys = new ArrayList<OneKey>();
    for (int i = 0; i < 5; i++) {
      keys.add(new OneKey(room.environment));
      room.enter(keys.getLast().caller);
    }

    assertThatThrownBy(() -> room.enter(room.access.caller))
        .isInstanceOf(Problem.Unavailable.class);
    assertThat(room.count("stitchd.stream.refused", "why", "per-node")).isEqualTo(1);

    keys.forEach(key -> room.leave(key.caller));
    assertThat(room.limits.open()).isZero();
  }

  @Test
  void aNodeDrainsAndThenRefuses() {
    var stopped = new ArrayList<Boolean>();
    room.enter(room.access.caller);

    room.draining.stopped().doFinally(_ -> stopped.add(true)).subscribe();

    assertThatThrownBy(room.drain::refuseIfDraining).isInstanceOf(Problem.Unavailable.class);
    time.advanceTimeBy(Duration.ofSeconds(1));
    assertThat(stopped).isEmpty();
    room.leave(room.access.caller);
    time.advanceTimeBy(Duration.ofSeconds(1));
    assertThat(stopped).isEqualTo(List.of(true));
    assertThat(room.draining.isRunning()).isFalse();
  }
}
