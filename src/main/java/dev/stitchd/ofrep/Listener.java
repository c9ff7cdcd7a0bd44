package dev.stitchd.ofrep;

import dev.stitchd.kernel.Json;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.stream.SideStreams.Message;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One client of an event stream: all that is remembered of it is where it was told to be. Confined
/// to its connection.
final class Listener {

  /// What a look at the environment means to a client.
  enum Meaning {
    NOTHING,
    CURRENT,
    REFETCH
  }

  private final Watch watch;
  private final Duration recent;
  private @Nullable Cursor at;
  private boolean begun;

  /// @param resume where the client says it is; null for nowhere
  Listener(Watch watch, @Nullable Cursor resume, Duration recent) {
    this.watch = watch;
    this.at = resume;
    this.recent = recent;
  }

  Meaning meaning(Sight sight) {
    if (isNews(sight)) {
      return Meaning.REFETCH;
    }
    return begun ? Meaning.NOTHING : Meaning.CURRENT;
  }

  /// Gives the client its place; it has nothing to do.
  Message current(Sight sight) {
    return said(sight, "current", "{\"type\":\"current\"}");
  }

  /// Has the client evaluate anew.
  Message refetch(Sight sight) {
    var data = Json.object().put("type", "refetchEvaluation").put("etag", sight.at().etag());
    return said(sight, "message", Json.write(data));
  }

  /// Whoever begins without a place has evaluated a moment ago, perhaps before the last change.
  private boolean isNews(Sight sight) {
    var from = at;
    return from == null
        ? watch.nowMillis() - sight.changedMillis() < recent.toMillis()
        : sight.isNewsTo(from);
  }

  private Message said(Sight sight, String event, String data) {
    begun = true;
    at = sight.at();
    return new Message(sight.at().text(), event, data);
  }
}
