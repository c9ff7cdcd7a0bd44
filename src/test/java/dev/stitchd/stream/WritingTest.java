package dev.stitchd.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.scheduler.VirtualTimeScheduler;

class WritingTest {

  private final VirtualTimeScheduler time = VirtualTimeScheduler.getOrSet(true);
  private final Room room = new Room(time);
  private final Client client = new Client();
  private final List<String> ends = new ArrayList<>();
  private final List<Frame> left = new ArrayList<>();

  @AfterEach
  void reset() {
    assertThat(room.access.watchers()).isZero();
    room.snapshots.stop();
    VirtualTimeScheduler.reset();
  }

  /// Takes what is written only when told to.
  private static final class Client implements Outlet {
    private final Deque<Sinks.Empty<Void>> pending = new ArrayDeque<>();
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private final Sinks.Empty<Void> gone = Sinks.empty();
    private boolean reads = true;
    private boolean cut;

    @Override
    public Mono<Void> open() {
      return Mono.empty();
    }

    @Override
    public Mono<Void> write(ByteBuffer bytes) {
      var copy = new byte[bytes.remaining()];
      bytes.duplicate().get(copy);
      taken.writeBytes(copy);
      if (reads) {
        return Mono.empty();
      }
      Sinks.Empty<Void> write = Sinks.empty();
      pending.add(write);
      return write.asMono();
    }

    @Override
    public Mono<Void> gone() {
      return gone.asMono();
    }

    @Override
    public void cut() {
      cut = true;
    }

    void takeOne() {
      pending.remove().tryEmitEmpty().orThrow();
    }
  }

  @Test
  void nothingIsAskedForWhileAWriteIsUnderWay() {
    client.reads = false;
    var asked = new ArrayList<Long>();
    var frames = Flux.range(0, 100).map(_ -> Frame.HEARTBEAT).doOnRequest(asked::add);

    var writing = room.writing.write(frames, client, left::add).subscribe();
    client.takeOne();
    client.takeOne();

    assertThat(asked).containsExactly(1L, 1L, 1L);
    writing.dispose();
  }

  @Test
  void aFrameCountsAsWrittenWhenItHasLeftAndNotBefore() {
    client.reads = false;
    write(room.frames(null));
    assertThat(left).isEmpty();
    client.takeOne(); // the retry time

    assertThat(left).extracting(Frame::kind).containsExactly(Frame.Kind.RETRY);
    client.takeOne();
    assertThat(left.getLast().kind()).isEqualTo(Frame.Kind.PUT);
    assertThat(left.getLast().revision()).isZero();
    client.gone.tryEmitEmpty().orThrow();
  }

  @Test
  void aClientThatTakesNothingIsCutOff() {
    client.reads = false;
    write(room.frames(null));

    time.advanceTimeBy(Duration.ofSeconds(59));
    assertThat(ends).isEmpty();
    assertThat(taken()).doesNotContain("too-slow");
    time.advanceTimeBy(Duration.ofSeconds(2));
    assertThat(taken())
        .as("behind what waits")
        .contains("{\"reason\":\"too-slow\",\"reconnectAfterMs\":");
    assertThat(client.cut).isFalse();
    time.advanceTimeBy(Duration.ofSeconds(4));

    assertThat(ends).containsExactly("complete");
    assertThat(client.cut).isTrue();
    assertThat(room.count("stitchd.stream.stalled")).isEqualTo(1);
  }

  @Test
  void aClientThatTakesItsGoodbyeIsCutOffAtOnce() {
    client.reads = false;
    write(room.frames(null));
    time.advanceTimeBy(Duration.ofSeconds(61));

    client.takeOne(); // the retry time
    client.takeOne(); // the goodbye

    assertThat(ends).containsExactly("complete");
    assertThat(client.cut).isTrue();
    assertThat(room.count("stitchd.stream.frames", "kind", "goodbye")).isEqualTo(1);
  }

  @Test
  void noGoodbyeIsWrittenIntoTheMiddleOfAFrame() {
    client.reads = false;
    write(Flux.just(new Frame(Frame.Kind.PUT, new byte[200 * 1024])));
    time.advanceTimeBy(Duration.ofSeconds(61));

    assertThat(client.cut).isTrue();
    assertThat(client.taken.size()).as("the first piece").isEqualTo(64 * 1024);
  }

  private String taken() {
    return client.taken.toString(UTF_8);
  }

  @Test
  void aClientThatTakesALargeFramePieceByPieceIsNotStalled() {
    client.reads = false;
    var frame = new Frame(Frame.Kind.PUT, new byte[200 * 1024]); // four pieces
    write(Flux.just(frame));

    for (int i = 0; i < 4; i++) {
      time.advanceTimeBy(Duration.ofSeconds(40));
      client.takeOne();
    }

    assertThat(ends).containsExactly("complete");
    assertThat(client.cut).isFalse();
    assertThat(client.taken.size()).isEqualTo(frame.bytes().length);
    assertThat(room.count("stitchd.stream.bytes", "kind", "put")).isEqualTo(200 * 1024);
    assertThat(room.count("stitchd.stream.frames", "kind", "put")).isEqualTo(1);
  }

  @Test
  void aClientThatGoesAwayLeavesNothingBehind() {
    write(room.frames(null));
    assertThat(room.access.watchers()).isEqualTo(1);

    client.gone.tryEmitEmpty().orThrow();

    assertThat(ends).containsExactly("complete");
    assertThat(room.access.watchers()).isZero();
  }

  @Test
  void whoDoesNotEvenTakeAGoodbyeIsCutOffWhenTheDrainTimeIsOver() {
    client.reads = false;
    room.enter(room.access.caller);
    write(room.frames(null));

    room.draining.stop();
    time.advanceTimeBy(Room.DRAIN.plusMillis(500));
    assertThat(ends).isEmpty();
    time.advanceTimeBy(Duration.ofSeconds(1));

    assertThat(ends).containsExactly("complete");
    assertThat(client.cut).isTrue();
  }

  private void write(Flux<Frame> frames) {
    room.writing
        .write(frames, client, left::add)
        .subscribe(_ -> {}, failure -> ends.add("failed"), () -> ends.add("complete"));
  }
}
