package dev.stitchd.stream;

import dev.stitchd.kernel.EnvironmentId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/// One event loop's direct copies of the bodies that polls ask for again and again, those of the
/// environments polled last, within a bound. Confined to that loop.
final class Bodies {

  private final ByteBufAllocator allocator;
  private final long most;
  private final Map<EnvironmentId, Copies> copies = new LinkedHashMap<>(16, 0.75f, true);
  private long held;

  private static final class Copies {
    private final Body of;
    private final Map<Coding, ByteBuf> bytes = new EnumMap<>(Coding.class);

    private Copies(Body of) {
      this.of = of;
    }
  }

  /// @param most bytes to keep at most
  Bodies(ByteBufAllocator allocator, long most) {
    this.allocator = allocator;
    this.most = most;
  }

  /// A body's bytes, to be released by whoever asked.
  ///
  /// @param bytes of this body in this coding; not changed
  ByteBuf of(EnvironmentId environment, Body body, Coding coding, ByteBuffer bytes) {
    var known = copies.get(environment);
    if (known == null || known.of != body) {
      forget(environment);
      known = new Copies(body);
      copies.put(environment, known);
    }
    var copy = known.bytes.get(coding);
    if (copy != null) {
      return copy.retainedDuplicate();
    }
    return keep(known, coding, copy(bytes));
  }

  /// How many bytes are kept.
  long held() {
    return held;
  }

  void clear() {
    copies.values().forEach(this::release);
    copies.clear();
  }

  private ByteBuf keep(Copies of, Coding coding, ByteBuf copy) {
    int size = copy.readableBytes();
    if (size > most) {
      return copy;
    }
    of.bytes.put(coding, copy);
    held += size;
    var answer = copy.retainedDuplicate();
    var eldest = copies.entrySet().iterator();
    while (held > most && eldest.hasNext()) {
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
    for (var copy : of.bytes.values()) {
      held -= copy.readableBytes();
      copy.release();
    }
    of.bytes.clear();
  }
}
