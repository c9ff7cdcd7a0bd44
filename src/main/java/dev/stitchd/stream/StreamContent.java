package dev.stitchd.stream;

import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.Snapshot;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What one stream carries: what a client that is somewhere is told of an environment. The engine
/// asks only when everything before has left, so that a slow client skips to the newest state.
/// Confined to the stream's event loop but for [#begin] and [#end].
public interface StreamContent {

  /// Which protocol's streams the gauges count it with.
  enum Kind {
    SDK,
    OFREP,
    /// flagd's event streams.
    FLAGD_EVENTS,
    /// flagd's streams of flag sets.
    FLAGD_SYNC
  }

  Kind kind();

  /// The stream was accepted; [#end] follows.
  default void begin() {}

  /// The stream has ended, for whatever reason.
  default void end() {}

  /// What takes the client to a snapshot; null if it has nothing to be told.
  @Nullable Frame advance(Snapshot newest);

  /// How long that waits for its turn; whatever happens in the meantime goes with it.
  default Duration delay(Snapshot newest) {
    return Duration.ZERO;
  }

  /// How old the stream may grow; null for as old as streams do as a rule.
  default @Nullable Duration age() {
    return null;
  }

  /// Where the client is, if all who are there are told the same, which is then made once and
  /// counted as delivered; null before the first frame, for nowhere, and for who is told for
  /// itself.
  default @Nullable Cursor at() {
    return null;
  }

  /// Notes that the client was taken further by a frame made for another one at the same place.
  default void move(Cursor to) {}
}
