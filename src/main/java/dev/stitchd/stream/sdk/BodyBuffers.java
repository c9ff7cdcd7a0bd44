package dev.stitchd.stream.sdk;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.StartOrder;
import dev.stitchd.kernel.EnvironmentId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import reactor.core.publisher.Mono;

/// Direct copies of the bodies that polls ask for again and again, those of the environments polled
/// last, within a bound for each event loop: what is sent from them needs no copying into the
/// socket.
final class BodyBuffers implements BackgroundJob {

  private final ByteBufAllocator allocator;
  private final long most;
  private final ConcurrentMap<EventLoop, LoopBuffers> loops = new ConcurrentHashMap<>();

  /// @param most bytes that each event loop keeps at most
  BodyBuffers(ByteBufAllocator allocator, long most) {
    this.allocator = allocator;
    this.most = most;
  }

  /// A body's bytes, to be released by whoever asked.
  ///
  /// @param loop the one that this thread is of
  /// @param bytes of this body in this coding; not changed
  ByteBuf of(
      EventLoop loop,
      EnvironmentId environment,
      EncodedBody body,
      Coding coding,
      ByteBuffer bytes) {
    var buffers = loops.get(loop);
    return (buffers == null ? loops.computeIfAbsent(loop, _ -> new LoopBuffers()) : buffers)
        .of(environment, body, coding, bytes);
  }

  @Override
  public String name() {
    return "buffers of polls";
  }

  @Override
  public String withoutIt() {
    return "bodies that polls ask for again are copied each time";
  }

  @Override
  public StartOrder order() {
    return StartOrder.STREAMS;
  }

  @Override
  public Mono<Void> close() {
    return Mono.fromRunnable(() ->
        loops.forEach((loop, buffers) -> {
          if (!loop.isShuttingDown()) {
            loop.execute(buffers::clear);
          }
        }));
  }

  /// Those of one event loop, and confined to it.
  private final class LoopBuffers {

    private final Map<EnvironmentId, Copies> copies = new LinkedHashMap<>(16, 0.75f, true);
    private long size;

    private static final class Copies {
      private final EncodedBody body;
      private final Map<Coding, ByteBuf> byCoding = new EnumMap<>(Coding.class);

      private Copies(EncodedBody body) {
        this.body = body;
      }
    }

    private ByteBuf of(
        EnvironmentId environment, EncodedBody body, Coding coding, ByteBuffer bytes) {
      var known = copies.get(environment);
      if (known == null || known.body != body) {
        forget(environment);
        known = new Copies(body);
        copies.put(environment, known);
      }
      var copy = known.byCoding.get(coding);
      return copy == null ? keep(known, coding, copy(bytes)) : copy.retainedDuplicate();
    }

    private void clear() {
      copies.values().forEach(this::release);
      copies.clear();
    }

    private ByteBuf keep(Copies of, Coding coding, ByteBuf copy) {
      if (copy.readableBytes() > most) {
        return copy;
      }
      of.byCoding.put(coding, copy);
      size += copy.readableBytes();
      var answer = copy.retainedDuplicate();
      var eldest = copies.entrySet().iterator();
      while (size > most && eldest.hasNext()) {
        var candidate = eldest.next().getValue();
        if (candidate != of) {
          release(candidate);
          eldest.remove();
        }
      }
      return answer;
    }

    private ByteBuf copy(ByteBuffer bytes) {
      return allocator.directBuffer(bytes.remaining()).writeBytes(bytes.duplicate());
    }

    private void forget(EnvironmentId environment) {
      var old = copies.remove(environment);
      if (old != null) {
        release(old);
      }
    }

    private void release(Copies of) {
      for (var copy : of.byCoding.values()) {
        size -= copy.readableBytes();
        copy.release();
      }
      of.byCoding.clear();
    }
  }
}
