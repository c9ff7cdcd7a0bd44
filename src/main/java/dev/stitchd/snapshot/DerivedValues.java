package dev.stitchd.snapshot;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;

/// What is made of one snapshot, each thing once, when first asked for. It goes together with its
/// snapshot, in the same collection of garbage. Safe from any thread.
public final class DerivedValues {

  private final ConcurrentMap<Class<?>, Object> things = new ConcurrentHashMap<>(4);

  /// The thing of this type, which nobody but its room makes.
  ///
  /// @param made makes it of the snapshot, at most once; must not ask here for another
  public <T> T get(Class<T> type, Supplier<T> made) {
    var known = things.get(type);
    return type.cast(known == null ? things.computeIfAbsent(type, _ -> made.get()) : known);
  }
}
