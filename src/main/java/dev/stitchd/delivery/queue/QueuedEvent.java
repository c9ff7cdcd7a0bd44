package dev.stitchd.delivery.queue;

import dev.stitchd.delivery.Event;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An event between admission and durability.
///
/// @param submission who waits for it; null for an event of this server's own
/// @param weight its estimated size on the heap, in bytes
record QueuedEvent(Event event, @Nullable Submission submission, int weight) {

  /// Objects, references and headers around an event's text, measured generously.
  private static final int FRAME = 400;

  static QueuedEvent of(Event event, @Nullable Submission submission) {
    return new QueuedEvent(event, submission, FRAME + 2 * event.textLength());
  }

  static long weight(List<QueuedEvent> events) {
    long sum = 0;
    for (var one : events) {
      sum += one.weight;
    }
    return sum;
  }
}
