package dev.stitchd.ingest;

import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// How much memory all bodies that are collected at the same time may take together. Safe from any
/// thread.
final class BufferBudget {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final long most;
  private final AtomicLong taken = new AtomicLong();

  BufferBudget(long most) {
    this.most = most;
  }

  long taken() {
    return taken.get();
  }

  /// Opens a place to collect one body in; to be closed when the body is no longer needed.
  Collecting collect(int limit) {
    return new Collecting(limit);
  }

  /// One body. One writer; closed once, from any thread.
  final class Collecting implements AutoCloseable {
    private final int limit;
    private final AtomicLong held = new AtomicLong();
    private final List<byte[]> pieces = new ArrayList<>();
    private int size;

    private Collecting(int limit) {
      this.limit = limit;
    }

    /// @throws Problem.TooLarge if the body is larger than its limit
    /// @throws Problem.Unavailable if all bodies together are larger than the budget
    Collecting add(byte[] piece) {
      if (size + piece.length > limit) {
        throw new Problem.TooLarge("the body is larger than " + limit + " bytes");
      }
      held.addAndGet(piece.length);
      if (taken.addAndGet(piece.length) > most) {
        throw new Problem.Unavailable(
            "too many event bodies are being read; nothing of this one was kept", RETRY_AFTER);
      }
      pieces.add(piece);
      size += piece.length;
      return this;
    }

    /// All of it; asked once.
    byte[] bytes() {
      var whole = new byte[size];
      int at = 0;
      for (var piece : pieces) {
        System.arraycopy(piece, 0, whole, at, piece.length);
        at += piece.length;
      }
      pieces.clear();
      return whole;
    }

    @Override
    public void close() {
      taken.addAndGet(-held.getAndSet(0));
    }
  }
}
