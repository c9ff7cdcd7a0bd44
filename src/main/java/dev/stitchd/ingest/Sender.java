package dev.stitchd.ingest;

import dev.stitchd.delivery.Event;
import dev.stitchd.kernel.EnvironmentId;
import java.util.Set;
import java.util.function.Predicate;

/// Who sends events, and what they may send.
///
/// @param evaluationsOnly whether `count` is refused
/// @param hidden paths of contexts that the environment lets nobody store
/// @param maySee the flags that they may name
record Sender(
    EnvironmentId environment,
    Event.Source source,
    boolean evaluationsOnly,
    Set<String> hidden,
    Predicate<String> maySee) {

  Sender {
    hidden = Set.copyOf(hidden);
  }
}
