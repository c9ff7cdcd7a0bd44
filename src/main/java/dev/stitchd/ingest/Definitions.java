package dev.stitchd.ingest;

import dev.stitchd.catalog.event.DefinedEvents.Defined;
import dev.stitchd.catalog.event.DefinedEvents.Definition;
import dev.stitchd.catalog.event.EventDefinitions;
import dev.stitchd.snapshot.Snapshot;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The events that one environment defines, as of an access version. Immutable.
///
/// @param tag the snapshot's: another one means that a backup was restored
record Definitions(String tag, long accessVersion, Map<String, Definition> byKey) {

  Definitions {
    byKey = Map.copyOf(byKey);
  }

  static Definitions of(String tag, Defined defined) {
    var byKey = new HashMap<String, Definition>();
    defined.definitions().forEach(definition -> byKey.put(definition.key(), definition));
    return new Definitions(tag, defined.accessVersion(), byKey);
  }

  /// Whether nothing newer is known.
  boolean isCurrent(Snapshot snapshot) {
    return tag.equals(snapshot.tag()) && accessVersion >= snapshot.accessVersion();
  }

  @Nullable Definition find(String event) {
    return byKey.get(event);
  }

  /// Whether no more events can be defined.
  boolean isFull() {
    return byKey.size() >= EventDefinitions.MAX_DEFINITIONS;
  }
}
