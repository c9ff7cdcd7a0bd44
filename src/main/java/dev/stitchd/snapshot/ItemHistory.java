package dev.stitchd.snapshot;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Every published item of an environment as the bytes that SDKs are sent, in order of the revision
/// that last changed it, and the removals of the recent past: enough to tell what changed since any
/// revision that it reaches back to. Immutable; a new one shares the entries of the old.
public final class ItemHistory {

  /// Nothing published, nothing known of removals.
  public static final ItemHistory EMPTY = new ItemHistory(0, List.of());

  /// Of an entry that was removed, at least.
  static final int LEAST_SIZE = 5;

  private static final Comparator<Entry> ORDER =
      Comparator.comparingLong(Entry::revision)
          .thenComparing(Entry::kind)
          .thenComparing(Entry::key);

  private final long reachesBackTo;
  private final List<Entry> entries;
  private final long bytes;

  private ItemHistory(long reachesBackTo, List<Entry> entries) {
    this.reachesBackTo = reachesBackTo;
    this.entries = entries;
    this.bytes = entries.stream().filter(entry -> entry.json != null).mapToLong(Entry::size).sum();
  }

  /// The two maps of the wire.
  public enum Kind {
    FLAG,
    SEGMENT
  }

  /// An item as its last change left it.
  ///
  /// @param revision the revision of that change
  /// @param json UTF-8, on one line, shared: not to be written to; null if it was removed
  public record Entry(Kind kind, String key, long revision, byte @Nullable [] json) {

    /// About how many bytes it takes on the wire.
    public int size() {
      return key.length() + (json == null ? 4 : json.length);
    }
  }

  /// @param reachesBackTo removals after this revision are among the entries
  static ItemHistory of(long reachesBackTo, Collection<Entry> entries, int mostRemovals) {
    return new ItemHistory(reachesBackTo, List.of()).with(entries, mostRemovals);
  }

  /// This history after a change; forgets the oldest removals beyond `mostRemovals`.
  ItemHistory with(Collection<Entry> changed, int mostRemovals) {
    Map<Name, Entry> newest = HashMap.newHashMap(changed.size());
    changed.forEach(entry -> newest.merge(Name.of(entry), entry, ItemHistory::later));
    var after = new ArrayList<Entry>(entries.size() + newest.size());
    for (var entry : entries) {
      var change = newest.get(Name.of(entry));
      if (change == null) {
        after.add(entry);
      } else if (entry.revision > change.revision) {
        newest.put(Name.of(entry), entry);
      }
    }
    after.addAll(newest.values());
    after.sort(ORDER); // almost in order already
    return forgetting(after, mostRemovals);
  }

  /// This history with removals that it does not remember; itself if they do not begin where it
  /// ends.
  public ItemHistory reaching(OlderRemovals older) {
    return older.since() < reachesBackTo && reachesBackTo <= older.until()
        ? new ItemHistory(older.since(), entries).with(older.entries(), Integer.MAX_VALUE)
        : this;
  }

  /// What is published now, oldest change first.
  public List<Entry> present() {
    return entries.stream().filter(entry -> entry.json != null).toList();
  }

  /// Everything remembered, removals included, oldest change first.
  List<Entry> all() {
    return entries;
  }

  /// Removals after this revision are among the entries.
  public long reachesBackTo() {
    return reachesBackTo;
  }

  /// What changed after a revision, removals included, each item once and as it is now; null if
  /// that is not known any more.
  public @Nullable List<Entry> since(long revision) {
    if (revision < reachesBackTo) {
      return null;
    }
    int from = entries.size();
    while (from > 0 && entries.get(from - 1).revision > revision) {
      from--;
    }
    return entries.subList(from, entries.size());
  }

  /// A revision that the history reaches back to, no newer than `since` and not much older: since
  /// then at most a quarter more items have changed. There are few of them, whatever is asked for.
  ///
  /// @param since one that the history reaches back to
  public long notMuchBefore(long since) {
    var known = since(since);
    int changed = known == null ? entries.size() : known.size();
    int step = Math.max(1, Integer.highestOneBit(changed) / 4);
    int first = entries.size() - Math.ceilDiv(changed, step) * step;
    return first <= 0 ? reachesBackTo : Math.max(reachesBackTo, entries.get(first - 1).revision);
  }

  /// About how many bytes everything present takes on the wire.
  public long bytes() {
    return bytes;
  }

  private ItemHistory forgetting(List<Entry> all, int mostRemovals) {
    var removals = all.stream().filter(entry -> entry.json == null).toList();
    if (removals.size() <= mostRemovals) {
      return new ItemHistory(reachesBackTo, List.copyOf(all));
    }
    var forgotten = new HashSet<>(removals.subList(0, removals.size() - mostRemovals));
    long floor = removals.get(removals.size() - mostRemovals - 1).revision;
    return new ItemHistory(
        Math.max(reachesBackTo, floor),
        all.stream().filter(entry -> !forgotten.contains(entry)).toList());
  }

  private static Entry later(Entry one, Entry other) {
    return other.revision > one.revision ? other : one;
  }

  private record Name(Kind kind, String key) {
    static Name of(Entry entry) {
      return new Name(entry.kind, entry.key);
    }
  }
}
