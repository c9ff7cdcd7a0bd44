package dev.stitchd.ingest.definitions;

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
public record Definitions(String tag, long accessVersion, Map<String, Definition> byKey) {

  public Definitions {
    byKey = Map.copyOf(byKey);
  }

  public static Definitions of(String tag, Defined defined) {
    var byKey = new HashMap<String, Definition>();
    defined.definitions().forEach(definition -> byKey.put(definition.key(), definition));
    return new Definitions(tag, defined.accessVersion(), byKey);
  }

  /// Whether nothing newer is known.
  public boolean isCurrent(Snapshot snapshot) {
    return tag.equals(snapshot.tag()) && accessVersion >= snapshot.accessVersion();
  }

  public @Nullable Definition find(String event) {
    return byKey.get(event);
  }

  /// Whether no more events can be defined.
  public boolean isFull() {
    return byKey.size() >= EventDefinitions.MAX_DEFINITIONS;
  }
}
