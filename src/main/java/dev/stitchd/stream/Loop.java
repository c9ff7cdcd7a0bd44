package dev.stitchd.stream;

import dev.stitchd.kernel.EnvironmentId;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// All streams of one event loop, with one timer for their heartbeats, ages and stalls. Confined to
/// its loop but for [#execute] and [#later].
final class Loop {

  /// Into so many parts the heartbeat's interval is cut; streams are spread over them.
  static final int SLOTS = 48;

  private final EventLoop thread;
  private final Loops loops;
  private final Duration period;
  private final Map<EnvironmentId, Audience> audiences = new HashMap<>();
  private final Set<LiveStream> behind = new LinkedHashSet<>();
  private final Deque<LiveStream> leaving = new ArrayDeque<>();
  private final Chunks chunks;
  private final Bodies bodies;
  private @Nullable Future<?> ticking;
  private int tick;
  private int nextSlot;
  private int drainTick;
  private int drainTicks;
  private int toLeave;
  private int goodbyes;

  Loop(EventLoop thread, Loops loops) {
    this.thread = thread;
    this.loops = loops;
    this.period = loops.settings().heartbeat().dividedBy(SLOTS);
    this.chunks = new Chunks(loops.allocator());
    this.bodies = new Bodies(loops.allocator(), loops.settings().pollBodies().toBytes());
  }

  /// What polls are answered with here.
  Bodies bodies() {
    return bodies;
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
    var audience = audiences.get(stream.caller().environment());
    if (audience == null) {
      audience = new Audience(stream.caller().environment(), this, loops);
      audiences.put(audience.environment(), audience);
      audience.open();
    }
    if (ticking == null) {
      ticking =
          thread.scheduleAtFixedRate(
              this::tick, period.toNanos(), period.toNanos(), TimeUnit.NANOSECONDS);
    }
    nextSlot = (nextSlot + 1) % SLOTS;
    stream.join(audience, nextSlot, tick + ticks(loops.jitter().age()));
    var retry = Frame.retry(loops.jitter().retry());
    stream.write(retry.chunk(loops.allocator()));
    loops.meters().written(retry);
    audience.add(stream);
    if (drainTicks > 0) {
      leaving.add(stream);
      toLeave++;
    }
  }

  void remove(Audience audience) {
    audiences.remove(audience.environment(), audience);
    var timer = ticking;
    if (audiences.isEmpty() && timer != null) {
      timer.cancel(false);
      ticking = null;
      chunks.clear();
    }
  }

  /// Looks after a stream whose client does not take what it was written.
  void fellBehind(LiveStream stream) {
    if (!stream.isOver() && behind.add(stream)) {
      var _ = stream.stalledFor(tick);
    }
  }

  void keepsUp(LiveStream stream) {
    behind.remove(stream);
  }

  /// Begins to say goodbye to everybody, spread over the time.
  void drain(Duration time) {
    audiences.values().forEach(audience -> leaving.addAll(audience.all()));
    toLeave = leaving.size();
    drainTick = tick;
    drainTicks = Math.max(1, ticks(time));
  }

  /// Cuts off whoever is still here.
  void cut() {
    for (var audience : List.copyOf(audiences.values())) {
      audience.all().forEach(LiveStream::cut);
    }
  }

  /// Lets go of what is kept for polls.
  void clear() {
    bodies.clear();
  }

  private void tick() {
    tick++;
    var heartbeat = chunks.of(Frame.HEARTBEAT);
    for (var audience : List.copyOf(audiences.values())) {
      audience.tick(tick, tick % SLOTS, heartbeat);
    }
    closeStalled();
    sayGoodbyes();
  }

  private void closeStalled() {
    int longest = ticks(loops.settings().stalled());
    for (var stream : List.copyOf(behind)) {
      if (stream.stalledFor(tick) >= longest && stream.isTooSlow(loops::goodbye)) {
        loops.meters().stalled();
        later(loops.settings().farewell(), stream::cut);
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
        var _ = stream.finish(loops.goodbye(Frame.Reason.DRAINING));
      }
    }
  }

  private int ticks(Duration time) {
    return (int) Math.min(Integer.MAX_VALUE / 2, Math.ceilDiv(time.toNanos(), period.toNanos()));
  }
}
