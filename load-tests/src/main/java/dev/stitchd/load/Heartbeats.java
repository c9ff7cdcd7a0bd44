package dev.stitchd.load;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// The comments that the server writes to streams, so that a ceiling writes the same bytes: one for
/// each channel and interval, spread over it, from one timer. Confined to an event loop.
final class Heartbeats {

  private static final int SLOTS = 48;
  private static final ByteBuf CHUNK = Netty.shared("6\r\n: hb\n\n\r\n");

  private final List<Set<Channel>> slots = new ArrayList<>(SLOTS);
  private final Future<?> ticking;
  private int tick;
  private int next;

  /// @param seconds the interval
  Heartbeats(EventLoop loop, int seconds) {
    for (var i = 0; i < SLOTS; i++) {
      slots.add(new HashSet<>());
    }
    var period = TimeUnit.SECONDS.toNanos(seconds) / SLOTS;
    ticking = loop.scheduleAtFixedRate(this::beat, period, period, TimeUnit.NANOSECONDS);
  }

  void add(Channel channel) {
    var slot = slots.get(next++ % SLOTS);
    slot.add(channel);
    channel.closeFuture().addListener(_ -> slot.remove(channel));
  }

  void stop() {
    ticking.cancel(false);
  }

  private void beat() {
    for (var channel : slots.get(tick++ % SLOTS)) {
      channel.writeAndFlush(CHUNK.retainedDuplicate(), channel.voidPromise());
    }
  }
}
