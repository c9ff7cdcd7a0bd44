package dev.stitchd.ofrep;

import dev.stitchd.kernel.Json;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.stream.SideStreams.Message;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One client of an event stream: all that is remembered of it is where it was told to be. Confined
/// to its connection.
final class EventStreamClient {

  /// What a look at the environment means to a client.
  enum Meaning {
    NOTHING,
    CURRENT,
    REFETCH
  }

  private final VisibleStateTracker tracker;
  private final Duration recent;
  private @Nullable Cursor at;
  private boolean begun;

  /// @param resume where the client says it is; null for nowhere
  EventStreamClient(VisibleStateTracker tracker, @Nullable Cursor resume, Duration recent) {
    this.tracker = tracker;
    this.at = resume;
    this.recent = recent;
  }

  Meaning meaning(VisibleState state) {
    if (isNews(state)) {
      return Meaning.REFETCH;
    }
    return begun ? Meaning.NOTHING : Meaning.CURRENT;
  }

  /// Gives the client its place; it has nothing to do.
  Message current(VisibleState state) {
    return said(state, "current", "{\"type\":\"current\"}");
  }

  /// Has the client evaluate anew.
  Message refetch(VisibleState state) {
    var data = Json.object().put("type", "refetchEvaluation").put("etag", state.at().etag());
    return said(state, "message", Json.write(data));
  }

  /// Whoever begins without a place has evaluated a moment ago, perhaps before the last change.
  private boolean isNews(VisibleState state) {
    var from = at;
    return from == null
        ? tracker.nowMillis() - state.changedMillis() < recent.toMillis()
        : state.isNewsTo(from);
  }

  private Message said(VisibleState state, String event, String data) {
    begun = true;
    at = state.at();
    return new Message(state.at().text(), event, data);
  }
}
