package dev.stitchd.propagation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What this node knows about one environment. Times are milliseconds of this node's clock. One
/// thread at a time.
final class EnvironmentProgress {

  /// The streams that were sent a revision while it was new.
  static final class Sends {
    private final long first;
    private final Delays delays = new Delays();

    private Sends(long first) {
      this.first = first;
    }

    /// When the first of them was.
    long first() {
      return first;
    }

    /// How long after the first the others were.
    Delays delays() {
      return delays;
    }
  }

  private final PropagationSettings settings;
  private final NavigableMap<Long, Integer> places = new TreeMap<>();
  private final NavigableMap<Long, Sends> sends = new TreeMap<>();
  private final Map<String, Instance> instances = new LinkedHashMap<>(16, 0.75f, true);
  private int streams;
  private boolean full;
  private boolean changed;
  private long written = Long.MIN_VALUE / 2;

  EnvironmentProgress(PropagationSettings settings) {
    this.settings = settings;
  }

  void sent(long from, long to, int count, long now) {
    if (from == Deliveries.NOWHERE) {
      streams += count;
    } else {
      leave(from, count);
      long oldest = Math.max(from + 1, to - settings.revisions() + 1);
      for (long revision = oldest; revision <= to; revision++) {
        var sent = sends.computeIfAbsent(revision, _ -> new Sends(now));
        sent.delays.add(now - sent.first, count);
      }
      while (sends.size() > settings.revisions()) {
        var _ = sends.pollFirstEntry();
      }
    }
    places.merge(to, count, Integer::sum);
    changed = true;
  }

  void ended(long at, int count) {
    leave(at, count);
    streams -= count;
    changed = true;
  }

  /// The instance of a name; null if there are as many as may be followed.
  @Nullable Instance instance(String name, long now) {
    var known = instances.get(name);
    if (known == null && makeRoom(now)) {
      known = new Instance(settings.reports());
      instances.put(name, known);
    }
    return known;
  }

  int streams() {
    return streams;
  }

  Map<Long, Sends> sends() {
    return sends;
  }

  /// Whether there were more instances than are followed.
  boolean isFull() {
    return full;
  }

  /// How many streams are at which revision; those furthest behind together at the lowest, so that
  /// nobody is said to have more than it was sent.
  NavigableMap<Long, Integer> places() {
    var shown = new TreeMap<Long, Integer>();
    for (var place : places.descendingMap().entrySet()) {
      boolean apart = shown.size() < settings.places() - 1;
      shown.merge(apart ? place.getKey() : places.firstKey(), place.getValue(), Integer::sum);
    }
    return shown;
  }

  /// Whether anything is due; a summary that says nothing new is repeated before it becomes stale.
  boolean isDue(long now) {
    return changed
        || (!isIdle() && now - written >= settings.stale().toMillis() / 2)
        || !due(now, 1).isEmpty();
  }

  long written() {
    return written;
  }

  void written(long now) {
    written = now;
    changed = false;
  }

  void notWritten() {
    changed = true;
  }

  /// The instances that have something new to say, or must show that they are still there.
  List<Map.Entry<String, Instance>> due(long now, int most) {
    var due = new ArrayList<Map.Entry<String, Instance>>();
    for (var entry : instances.entrySet()) {
      if (due.size() < most && entry.getValue().isDue(now, settings.instanceIdle().toMillis())) {
        due.add(Map.entry(entry.getKey(), entry.getValue()));
      }
    }
    return due;
  }

  /// Whether there is nothing to tell and nobody to follow.
  boolean isIdle() {
    return streams == 0 && instances.isEmpty();
  }

  /// Forgets instances that have not been heard of for long.
  void forgetIdle(long now) {
    instances.values().removeIf(instance -> isOver(instance, now));
    full &= instances.size() >= settings.instances();
  }

  private boolean makeRoom(long now) {
    if (instances.size() < settings.instances()) {
      return true;
    }
    forgetIdle(now);
    full = instances.size() >= settings.instances();
    changed |= full;
    return !full;
  }

  private boolean isOver(Instance instance, long now) {
    return instance.isOver(now - settings.instanceIdle().toMillis());
  }

  private void leave(long at, int count) {
    places.computeIfPresent(at, (_, there) -> there > count ? there - count : null);
  }
}
