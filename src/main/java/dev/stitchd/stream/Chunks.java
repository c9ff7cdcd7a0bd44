package dev.stitchd.stream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.IdentityHashMap;
import java.util.Map;

/// One event loop's copies of frames, ready to be written to any number of its connections.
/// Confined to that loop, so that no two loops count references to the same bytes.
final class Chunks {

  private final ByteBufAllocator allocator;
  private final Map<Frame, ByteBuf> chunks = new IdentityHashMap<>();

  Chunks(ByteBufAllocator allocator) {
    this.allocator = allocator;
  }

  /// The frame as a chunk of HTTP/1.1; stays with this object, so write `retainedDuplicate()`.
  ByteBuf of(Frame frame) {
    return chunks.computeIfAbsent(frame, f -> f.chunk(allocator));
  }

  /// Lets go of everything; what is still being written lives until it is.
  void clear() {
    chunks.values().forEach(ByteBuf::release);
    chunks.clear();
  }
}
