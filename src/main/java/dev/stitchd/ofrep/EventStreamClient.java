package dev.stitchd.ofrep;

import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.stream.Frame;
import dev.stitchd.stream.StreamContent;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One client of an event stream: all that is remembered of it is where it was told to be.
final class EventStreamClient implements StreamContent {

  private final VisibleStateTracker tracker;
  private final RefetchMessages messages;
  private @Nullable Cursor at;
  private boolean begun;
  private boolean isDue;

  /// @param resume where the client says it is; null for nowhere
  EventStreamClient(
      VisibleStateTracker tracker, @Nullable Cursor resume, RefetchMessages messages) {
    this.tracker = tracker;
    this.at = resume;
    this.messages = messages;
  }

  @Override
  public Kind kind() {
    return Kind.OFREP;
  }

  @Override
  public void begin() {
    tracker.enter();
  }

  @Override
  public void end() {
    tracker.leave();
  }

  /// Clients take the end of a stream for an outage, so it lives as long as it can.
  @Override
  public Duration age() {
    return messages.age();
  }

  /// Those who are to evaluate anew do so one after the other.
  @Override
  public Duration delay(Snapshot newest) {
    isDue = isNews(tracker.look(newest));
    return isDue ? messages.turn(tracker.listeners()) : Duration.ZERO;
  }

  @Override
  public @Nullable Frame advance(Snapshot newest) {
    var state = tracker.look(newest);
    var from = at;
    if (!begun && from != null && state.isBefore(from)) {
      begun = true;
      return VisibleState.current(from);
    }
    var frame = isDue ? state.refetch() : begun ? null : state.current();
    isDue = false;
    if (frame != null) {
      begun = true;
      at = state.at();
    }
    return frame;
  }

  /// Whoever begins without a place has evaluated a moment ago, perhaps before the last change.
  private boolean isNews(VisibleState state) {
    var from = at;
    return from == null
        ? tracker.nowMillis() - state.changedMillis() < messages.recent().toMillis()
        : state.isNewsTo(from);
  }
}
