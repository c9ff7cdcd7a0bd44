package dev.stitchd.snapshot;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.EnvironmentSettings;
import dev.stitchd.kernel.Json;
import dev.stitchd.revisionlog.PublishedItems.Changes;
import dev.stitchd.revisionlog.PublishedItems.Item;
import dev.stitchd.revisionlog.PublishedItems.Position;
import dev.stitchd.revisionlog.PublishedItems.Removals;
import dev.stitchd.revisionlog.PublishedItems.State;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.Items;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.Segment;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A snapshot and the epoch that it was read in. Immutable.
///
/// @param identity of its revision
/// @param source who said so last
record EpochSnapshot(Snapshot snapshot, UUID epoch, long identity, Source source) {

  /// Whose word a state is.
  enum Source {
    /// The server that is written to.
    PRIMARY,
    /// A server in recovery: true, but it may be behind.
    STANDBY,
    /// This node's disk; the store has not confirmed it yet.
    DISK;

    static Source of(boolean fromStandby) {
      return fromStandby ? STANDBY : PRIMARY;
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(EpochSnapshot.class);

  /// An environment as loaded, brought up to the changes that were read after it.
  ///
  /// @param changes read after the state, and reaching back before it for the sake of removals; a
  ///   standby's may be older than the state, of which they say nothing else then
  static EpochSnapshot of(State state, Changes changes, int mostRemovals) {
    var items = new ArrayList<>(state.items());
    var present = new HashSet<>();
    state.items().forEach(item -> present.add(List.of(item.kind(), item.key())));
    changes.items().stream()
        .filter(item ->
            item.revision() > state.revision()
                || (item.state() == null && !present.contains(List.of(item.kind(), item.key()))))
        .forEach(items::add);
    var snapshot =
        new Snapshot(
            state.environment(),
            state.tenant(),
            state.environmentKey(),
            new Cursor(
                tag(state.environment(), state.epoch()),
                Math.max(state.revision(), changes.revision())),
            state.accessVersion(),
            EnvironmentSettings.of(state.settings()),
            rulesetWith(Ruleset.EMPTY, items),
            ItemHistory.of(
                Math.max(changes.since(), changes.pruned()), entries(items), mostRemovals),
            new DerivedValues());
    return new EpochSnapshot(
        snapshot,
        state.epoch(),
        state.revision() >= changes.revision() ? state.identity() : changes.identity(),
        Source.of(state.fromStandby() || changes.fromStandby()));
  }

  /// This view after changes of its items.
  EpochSnapshot with(Changes changes, int mostRemovals) {
    if (changes.revision() == snapshot.revision()) {
      return from(Source.of(changes.fromStandby()));
    }
    var after =
        new Snapshot(
            snapshot.environment(),
            snapshot.tenant(),
            snapshot.environmentKey(),
            new Cursor(snapshot.tag(), changes.revision()),
            snapshot.accessVersion(),
            snapshot.settings(),
            rulesetWith(snapshot.ruleset(), changes.items()),
            snapshot.history().with(entries(changes.items()), mostRemovals),
            new DerivedValues());
    return new EpochSnapshot(after, epoch, changes.identity(), Source.of(changes.fromStandby()));
  }

  /// The same, as read from disk.
  EpochSnapshot asLastKnown() {
    return from(Source.DISK);
  }

  /// The same, as somebody else says too.
  EpochSnapshot from(Source other) {
    return other == source ? this : new EpochSnapshot(snapshot, epoch, identity, other);
  }

  /// Whether the store has not confirmed it yet.
  boolean isLastKnown() {
    return source == Source.DISK;
  }

  /// This, or an earlier view if this is a standby's word that may be older: nothing follows from
  /// what a standby lacks.
  EpochSnapshot orLater(EpochSnapshot earlier) {
    boolean mayBeOlder =
        source == Source.STANDBY
            && (!epoch.equals(earlier.epoch)
                || snapshot.revision() < earlier.snapshot.revision()
                || snapshot.accessVersion() < earlier.snapshot.accessVersion());
    if (!mayBeOlder) {
      return this;
    }
    return earlier.isLastKnown() ? earlier : earlier.from(Source.STANDBY);
  }

  /// Which revision this is.
  HistoryPoint point() {
    return new HistoryPoint(epoch, snapshot.revision(), identity);
  }

  /// Whether the store went back in time since it had a revision.
  boolean isBefore(HistoryPoint earlier) {
    return epoch.equals(earlier.epoch()) && snapshot.revision() < earlier.revision();
  }

  /// Whether the store says anything else than this view.
  boolean differsFrom(Position position) {
    if (position.fromStandby()) {
      return !isOfAnotherEpoch(position)
          && (snapshot.revision() < position.revision()
              || snapshot.accessVersion() < position.accessVersion());
    }
    return isLastKnown()
        || snapshot.revision() != position.revision()
        || snapshot.accessVersion() != position.accessVersion()
        || point().isContradictedBy(position.identityThen())
        || isOfAnotherEpoch(position);
  }

  boolean isOfAnotherEpoch(Position position) {
    return !epoch.equals(position.epoch());
  }

  /// Whether whoever says what was removed has this revision.
  boolean isKnownTo(Removals removals) {
    return epoch.equals(removals.epoch())
        && snapshot.revision() <= removals.revision()
        && !point().isContradictedBy(removals.identityThen());
  }

  /// As this node keeps what was removed until this revision.
  OlderRemovals olderRemovals(Removals removals) {
    return new OlderRemovals(removals.since(), snapshot.revision(), entries(removals.items()));
  }

  /// Names an environment's history in cursors.
  static String tag(EnvironmentId environment, UUID epoch) {
    var input = ByteBuffer.allocate(32);
    for (var id : List.of(environment.value(), epoch)) {
      input.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
    }
    try {
      var hash = MessageDigest.getInstance("SHA-256").digest(input.array());
      return HexFormat.of().formatHex(hash, 0, 4);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static List<ItemHistory.Entry> entries(List<Item> items) {
    return items.stream().map(EpochSnapshot::entry).toList();
  }

  private static ItemHistory.Entry entry(Item item) {
    var kind =
        switch (item.kind()) {
          case FLAG -> ItemHistory.Kind.FLAG;
          case SEGMENT -> ItemHistory.Kind.SEGMENT;
        };
    var state = item.state();
    return new ItemHistory.Entry(
        kind, item.key(), item.revision(), state == null ? null : Json.writeBytes(state));
  }

  /// @param items in order of revision, so that of two states the later one counts
  private static Ruleset rulesetWith(Ruleset before, List<Item> items) {
    Map<String, @Nullable Flag> flags = new HashMap<>();
    Map<String, @Nullable Segment> segments = new HashMap<>();
    for (var item : items) {
      switch (item.kind()) {
        case FLAG -> flags.put(item.key(), flag(item));
        case SEGMENT -> segments.put(item.key(), segment(item));
      }
    }
    return before.with(flags, segments);
  }

  private static @Nullable Flag flag(Item item) {
    var state = item.state();
    if (state == null) {
      return null;
    }
    var flag = Items.readFlagAsKnown(item.key(), state);
    log(item, flag.unsupported(), "it gives its off variant here");
    return flag;
  }

  private static @Nullable Segment segment(Item item) {
    var state = item.state();
    if (state == null) {
      return null;
    }
    var segment = Items.readSegmentAsKnown(item.key(), state);
    log(item, segment.unsupported(), "flags that ask for it give their off variants here");
    return segment;
  }

  private static void log(Item item, @Nullable String unsupported, String consequence) {
    if (unsupported != null) {
      LOG.error(
          "Snapshot: published {} '{}' at revision {} cannot be read by this version: {}; {}, SDKs get it unchanged. Upgrade this node if a newer one published it",
          item.kind().name().toLowerCase(Locale.ROOT),
          item.key(),
          item.revision(),
          unsupported,
          consequence);
    }
  }
}
