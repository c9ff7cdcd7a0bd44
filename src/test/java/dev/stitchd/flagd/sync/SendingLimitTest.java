package dev.stitchd.flagd.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Subscription;
import org.springframework.util.unit.DataSize;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

@Timeout(60)
class SendingLimitTest {

  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Duration LONG = Duration.ofMinutes(10);

  private final Scheduler thread = Schedulers.newSingle("flag-sets", true);
  private final Scheduler timer = Schedulers.newSingle("timer", true);

  @AfterEach
  void stop() {
    thread.dispose();
    timer.dispose();
  }

  private SendingLimit limit(int bytes, Duration stalled) {
    return new SendingLimit(
        new SyncSettings(
            DataSize.ofMegabytes(4),
            Duration.ZERO,
            1,
            1,
            DataSize.ofBytes(1),
            DataSize.ofBytes(bytes),
            stalled),
        thread,
        timer);
  }

  /// A connection that takes one message at a time.
  private static final class Connection extends BaseSubscriber<String> {

    private final List<String> received = new CopyOnWriteArrayList<>();

    @Override
    protected void hookOnSubscribe(Subscription subscription) {
      request(1);
    }

    @Override
    protected void hookOnNext(String message) {
      received.add(message);
    }

    private void hasTaken() {
      request(1);
    }
  }

  private static Connection to(SendingLimit limit, String message, int bytes) {
    var connection = new Connection();
    limit.streamed(message, bytes).subscribe(connection);
    return connection;
  }

  private static void has(Connection connection, String message) {
    await().atMost(SOON).until(() -> connection.received.equals(List.of(message)));
  }

  @Test
  void whatHasNoRoomIsSentWhenSomethingBeforeItIsTaken() {
    var limit = limit(10, LONG);
    var one = to(limit, "one", 6);
    var two = to(limit, "two", 6);
    var three = to(limit, "three", 4); // which has room, and is not its turn
    has(one, "one");
    assertThat(two.received).isEmpty();
    assertThat(three.received).isEmpty();
    one.hasTaken();
    has(two, "two");
    has(three, "three");
    assertThat(limit.taken()).isEqualTo(10);
    two.hasTaken();
    three.hasTaken();
    assertThat(limit.taken()).isZero();
  }

  @Test
  void aSetThatIsLargerThanAllTheRoomGoesAlone() {
    var limit = limit(10, LONG);
    var small = to(limit, "small", 1);
    var large = to(limit, "large", 100);
    assertThat(large.received).isEmpty();
    small.hasTaken();
    has(large, "large");
  }

  @Test
  void whoeverGoesGivesPlaceAndTurnBack() {
    var limit = limit(10, LONG);
    var one = to(limit, "one", 10);
    var two = to(limit, "two", 10);
    var three = to(limit, "three", 10);
    two.cancel();
    one.cancel();
    has(three, "three");
    three.cancel();
    assertThat(limit.taken()).isZero();
    assertThat(two.received).isEmpty();
  }

  @Test
  void aClientThatTakesNothingDoesNotKeepTheOthersWaiting() {
    var limit = limit(10, Duration.ofMillis(100));
    var stalled = to(limit, "one", 10);
    var other = to(limit, "two", 10);
    has(other, "two");
    stalled.hasTaken();
    other.hasTaken();
    assertThat(limit.taken()).isZero();
  }

  @Test
  void anAnswerTakesUpRoomUntilItsCallEnds() {
    var limit = limit(10, LONG);
    try (var call = Context.ROOT.withCancellation()) {
      assertThat(limit.answered("all", 10, call).block(SOON)).isEqualTo("all");
      assertThat(limit.taken()).isEqualTo(10);
    }
    assertThat(limit.taken()).isZero();
    try (var over = Context.ROOT.withCancellation()) {
      over.cancel(null);
      var _ = limit.answered("all", 10, over).block(SOON);
      assertThat(limit.taken()).isZero();
    }
  }

  /// Each would give its turn to the next one on the stack of the one before.
  @Test
  void aLongRowOfThoseWhoWaitIsServed() {
    var limit = limit(1, LONG);
    var first = to(limit, "first", 1);
    var row = new ArrayList<String>();
    for (int i = 0; i < 20_000; i++) {
      limit.streamed("m", 1).subscribe(row::add);
    }
    first.hasTaken();
    await().atMost(SOON).until(() -> limit.taken() == 0);
    assertThat(row).hasSize(20_000);
  }
}
