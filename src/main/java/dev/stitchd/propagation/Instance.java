package dev.stitchd.propagation;

import dev.stitchd.snapshot.Cursor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/// What one instance of an SDK said about itself. Times are milliseconds of this node's clock. One
/// thread at a time.
final class Instance {

  /// Of an instance that has not said what it applied.
  static final long NOTHING = -1;

  /// It has applied a revision, and said so at a time.
  record Receipt(long revision, long at) {}

  private final int most;
  private final Deque<Receipt> receipts = new ArrayDeque<>();
  private String tag = "";
  private int streams;
  private long seen;
  private long written = Long.MIN_VALUE / 2;
  private boolean changed = true;

  /// @param most receipts to keep
  Instance(int most) {
    this.most = most;
  }

  void seen(long now) {
    seen = now;
  }

  void applied(Cursor cursor, long now) {
    if (!cursor.tag().equals(tag)) {
      receipts.clear();
      tag = cursor.tag();
    }
    if (cursor.revision() > revision()) {
      receipts.addLast(new Receipt(cursor.revision(), now));
      changed = true;
    }
    while (receipts.size() > most) {
      receipts.removeFirst();
    }
  }

  void connected() {
    streams++;
  }

  void gone(long now) {
    streams = Math.max(0, streams - 1);
    seen = now;
  }

  String tag() {
    return tag;
  }

  /// The newest revision that it says it applied.
  long revision() {
    return receipts.isEmpty() ? NOTHING : receipts.getLast().revision();
  }

  /// The newest receipts, oldest first.
  List<Receipt> receipts() {
    return List.copyOf(receipts);
  }

  /// Whether it has something new to say, or must show that it is still there.
  boolean isDue(long now, long idle) {
    return changed || ((streams > 0 || seen > written) && now - written >= idle / 3);
  }

  void written(long now) {
    written = now;
    changed = false;
  }

  void notWritten() {
    changed = true;
  }

  boolean isOver(long since) {
    return streams == 0 && seen < since;
  }
}
