package dev.stitchd.stream;

import dev.stitchd.kernel.EnvironmentId;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// All streams of one event loop, with one timer for their heartbeats, ages, stalls and goodbyes.
/// Confined to its loop but for [#execute] and [#later].
final class LoopStreams {

  /// Into so many parts the heartbeat's interval is cut; streams are spread over them by their
  /// ages, which are a matter of chance, so that a tick looks at its own streams alone.
  static final int SLOTS = 48;

  private final EventLoop thread;
  private final StreamEngine engine;
  private final Duration period;
  private final Map<EnvironmentId, EnvironmentStreams> environments = new HashMap<>();
  private final List<List<LiveStream>> slots = new ArrayList<>(SLOTS);
  private final Set<LiveStream> behind = new LinkedHashSet<>();
  private final Deque<LiveStream> leaving = new ArrayDeque<>();
  private final Chunks chunks;
  private @Nullable Future<?> ticking;
  private int tick;
  private int drainTick;
  private int drainTicks;
  private int toLeave;
  private int goodbyes;

  LoopStreams(EventLoop thread, StreamEngine engine) {
    this.thread = thread;
    this.engine = engine;
    this.period = engine.settings().heartbeat().dividedBy(SLOTS);
    this.chunks = new Chunks(engine.allocator());
    for (int i = 0; i < SLOTS; i++) {
      slots.add(new ArrayList<>());
    }
  }

  void execute(Runnable task) {
    thread.execute(task);
  }

  void later(Duration delay, Runnable task) {
    var _ = thread.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Begins a stream whose head has been sent.
  void join(LiveStream stream) {
    if (stream.isGone()) {
      stream.end();
      return;
    }
    var streams = environments.get(stream.caller().environment());
    if (streams == null) {
      streams = new EnvironmentStreams(stream.caller().environment(), this, engine);
      environments.put(streams.environment(), streams);
      streams.open();
    }
    if (ticking == null) {
      ticking =
          thread.scheduleAtFixedRate(
              this::tick, period.toNanos(), period.toNanos(), TimeUnit.NANOSECONDS);
    }
    var age = stream.content().age();
    stream.join(streams, tick + ticks(age == null ? engine.jitter().age() : age));
    var slot = slotOf(stream);
    stream.slotIndex = slot.size();
    slot.add(stream);
    var retry = Frame.retry(engine.jitter().retry());
    stream.write(retry, retry.chunk(engine.allocator()));
    engine.meters().written(retry);
    streams.add(stream);
    if (drainTicks > 0) {
      leaving.add(stream);
      toLeave++;
    }
  }

  /// Forgets a stream that has ended.
  void remove(LiveStream stream) {
    behind.remove(stream);
    var slot = slotOf(stream);
    var last = slot.removeLast();
    if (last != stream) {
      slot.set(stream.slotIndex, last);
      last.slotIndex = stream.slotIndex;
    }
  }

  /// Forgets an environment that has no streams left.
  void remove(EnvironmentStreams streams) {
    environments.remove(streams.environment(), streams);
    var timer = ticking;
    if (environments.isEmpty() && timer != null) {
      timer.cancel(false);
      ticking = null;
      chunks.clear();
    }
  }

  /// Notes a stream whose client has not taken all that it was written, to see whether it stalls.
  void noteFlush(LiveStream stream, boolean took) {
    if (!took && !stream.isOver() && behind.add(stream)) {
      var _ = stream.noteProgress(tick);
    }
  }

  void caughtUp(LiveStream stream) {
    behind.remove(stream);
  }

  /// Begins to say goodbye to everybody, spread over the time.
  void drain(Duration time) {
    environments.values().forEach(streams -> leaving.addAll(streams.all()));
    toLeave = leaving.size();
    drainTick = tick;
    drainTicks = Math.max(1, ticks(time));
  }

  /// Cuts off whoever is still here.
  void cut() {
    for (var streams : List.copyOf(environments.values())) {
      streams.all().forEach(LiveStream::cut);
    }
  }

  private void tick() {
    tick++;
    serve(slots.get(tick % SLOTS));
    if (!behind.isEmpty()) {
      closeStalled();
    }
    sayGoodbyes();
  }

  /// Heartbeats, and the end of those that are too old.
  private void serve(List<LiveStream> slot) {
    int beats = 0;
    // from the end, since a stream that ends here is replaced by the last one
    for (int i = slot.size() - 1; i >= 0; i--) {
      var stream = slot.get(i);
      if (tick >= stream.lastTick()) {
        var _ = stream.finish(engine.goodbye(Frame.Reason.MAXIMUM_AGE));
      } else if (!stream.isBehind()) {
        stream.write(Frame.HEARTBEAT, chunks.of(Frame.HEARTBEAT).retainedDuplicate());
        noteFlush(stream, stream.flush());
        beats++;
      }
    }
    engine.meters().written(Frame.HEARTBEAT, beats);
  }

  private List<LiveStream> slotOf(LiveStream stream) {
    return slots.get(stream.lastTick() % SLOTS);
  }

  private void closeStalled() {
    int longest = ticks(engine.settings().stalled());
    for (var stream : List.copyOf(behind)) {
      if (stream.noteProgress(tick) >= longest && stream.endTooSlow(engine::goodbye)) {
        engine.meters().stalled();
        later(engine.settings().farewell(), stream::cut);
      }
    }
  }

  /// As many as are due, if every stream of this loop has its turn at an even distance.
  private void sayGoodbyes() {
    if (drainTicks == 0) {
      return;
    }
    long due = (long) toLeave * Math.min(drainTicks, tick - drainTick) / drainTicks;
    for (; goodbyes < due; goodbyes++) {
      var stream = leaving.poll();
      if (stream != null) {
        var _ = stream.finish(engine.goodbye(Frame.Reason.DRAINING));
      }
    }
  }

  private int ticks(Duration time) {
    return (int) Math.min(Integer.MAX_VALUE / 2, Math.ceilDiv(time.toNanos(), period.toNanos()));
  }
}
