package dev.stitchd.ofrep;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.decide.Visibility;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.Dependencies;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.ItemHistory;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.stream.Frame;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What one kind of key sees of an environment, and since when it is as it is. Immutable.
///
/// @param at where the environment is
/// @param seen everything that results for such keys depend on
/// @param knownSince the revision since which every visible change was noticed
/// @param changed the revision of the newest visible change; `knownSince` if there was none since
/// @param changedMillis when that was noticed
/// @param current gives a client its place; it has nothing to do
/// @param refetch has a client evaluate anew
record VisibleState(
    Cursor at,
    Set<ItemName> seen,
    long knownSince,
    long changed,
    long changedMillis,
    Frame current,
    Frame refetch) {

  /// The first look, which cannot tell what changed before it.
  static VisibleState first(Snapshot snapshot, SdkCaller.Kind kind, long nowMillis) {
    return of(
        snapshot.cursor(),
        seen(snapshot, kind),
        snapshot.revision(),
        snapshot.revision(),
        nowMillis);
  }

  /// Whether a snapshot shows more than this.
  boolean isBehind(Snapshot snapshot) {
    return !at.isOfHistory(snapshot.cursor()) || at.revision() < snapshot.revision();
  }

  /// The look at a newer snapshot.
  VisibleState then(Snapshot snapshot, SdkCaller.Kind kind, long nowMillis) {
    if (!at.isOfHistory(snapshot.cursor())) {
      return first(snapshot, kind, nowMillis);
    }
    var now = seen(snapshot, kind);
    return isSeen(snapshot.history().since(at.revision()), now)
        ? of(snapshot.cursor(), now, knownSince, snapshot.revision(), nowMillis)
        : of(snapshot.cursor(), now, knownSince, changed, changedMillis);
  }

  /// Whether something that a client sees has changed, or may have, since it was there.
  boolean isNewsTo(Cursor client) {
    return !at.isOfHistory(client)
        || client.revision() < (client.revision() < knownSince ? at.revision() : changed);
  }

  /// Whether a client was further already, elsewhere.
  boolean isBefore(Cursor client) {
    return at.isOfHistory(client) && at.revision() < client.revision();
  }

  /// Gives a client its place; it has nothing to do.
  static Frame current(Cursor place) {
    return Frame.message(place.text(), "current", "{\"type\":\"current\"}");
  }

  /// Whether a change concerns what was seen before it or what is seen after it.
  private boolean isSeen(@Nullable List<ItemHistory.Entry> changes, Set<ItemName> now) {
    return changes == null
        || changes.stream()
            .map(VisibleState::name)
            .anyMatch(item -> seen.contains(item) || now.contains(item));
  }

  private static Set<ItemName> seen(Snapshot snapshot, SdkCaller.Kind kind) {
    return Dependencies.of(snapshot.ruleset(), flag -> Visibility.isGiven(kind, flag));
  }

  private static VisibleState of(
      Cursor at, Set<ItemName> seen, long knownSince, long changed, long changedMillis) {
    var refetch = Json.object().put("type", "refetchEvaluation").put("etag", at.etag());
    return new VisibleState(
        at,
        seen,
        knownSince,
        changed,
        changedMillis,
        current(at),
        Frame.message(at.text(), "message", Json.write(refetch)));
  }

  private static ItemName name(ItemHistory.Entry entry) {
    return switch (entry.kind()) {
      case FLAG -> ItemName.flag(entry.key());
      case SEGMENT -> ItemName.segment(entry.key());
    };
  }
}
