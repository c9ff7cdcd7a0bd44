package dev.stitchd.flagd.evaluation;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.decide.Visibility;
import dev.stitchd.flagd.evaluation.v2.EventStreamResponse;
import dev.stitchd.ruleset.Dependencies;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.snapshot.Cursor;
import dev.stitchd.snapshot.ItemHistory;
import dev.stitchd.snapshot.Snapshot;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/// What event streams say of the way to one snapshot, made once for all who come from the same
/// place. Safe from any thread.
final class FlagChanges {

  private static final WrittenEvent NOTHING =
      WrittenEvent.of(EventStreamResponse.getDefaultInstance());

  /// @param from where a client is
  /// @param kind of its key
  private record Way(Cursor from, SdkCaller.Kind kind) {}

  private final ConcurrentMap<Way, WrittenEvent> messages = new ConcurrentHashMap<>();

  private FlagChanges() {}

  /// Names every flag that keys of a kind may see and whose result can be another than before; null
  /// for none.
  static @Nullable WrittenEvent between(Snapshot from, Snapshot to, SdkCaller.Kind kind) {
    var message =
        to.derived()
            .get(FlagChanges.class, FlagChanges::new)
            .messages
            .computeIfAbsent(new Way(from.cursor(), kind), _ -> message(from, to, kind));
    return message == NOTHING ? null : message;
  }

  private static WrittenEvent message(Snapshot from, Snapshot to, SdkCaller.Kind kind) {
    var flags = Struct.newBuilder();
    for (var key : changed(from, to)) {
      var was = isSeen(from, key, kind);
      var is = isSeen(to, key, kind);
      if (was || is) {
        flags.putFields(key, Value.newBuilder().setStructValue(change(key, was, is)).build());
      }
    }
    return flags.getFieldsCount() == 0
        ? NOTHING
        : WrittenEvent.of(
            EventStreamResponse.newBuilder()
                .setType("configuration_change")
                .setData(
                    Struct.newBuilder()
                        .putFields("flags", Value.newBuilder().setStructValue(flags).build()))
                .build());
  }

  private static Struct change(String key, boolean was, boolean is) {
    return Struct.newBuilder()
        .putFields("type", Given.text(!was ? "write" : is ? "update" : "delete"))
        .putFields("source", Given.text("stitchd"))
        .putFields("flagKey", Given.text(key))
        .build();
  }

  /// The keys of all flags whose result can be another; of all that there are and were if nobody
  /// knows what has changed.
  private static Set<String> changed(Snapshot from, Snapshot to) {
    var entries =
        from.cursor().isOfHistory(to.cursor()) ? to.history().since(from.revision()) : null;
    var keys = new TreeSet<String>();
    if (entries == null) {
      keys.addAll(from.ruleset().flags().keySet());
      keys.addAll(to.ruleset().flags().keySet());
    } else {
      var items = changedItems(from, to, names(entries));
      keys.addAll(Dependencies.dependents(from.ruleset(), items));
      keys.addAll(Dependencies.dependents(to.ruleset(), items));
    }
    return keys;
  }

  /// Without what is published as before, if its description was changed, and without flags that
  /// are off as before. That can be told of one revision alone: whoever skips some may have asked,
  /// and keeps the answer, when it was otherwise.
  private static List<ItemName> changedItems(Snapshot from, Snapshot to, List<ItemName> items) {
    return to.revision() == from.revision() + 1
        ? items.stream().filter(item -> !givesTheSame(from, to, item)).toList()
        : items;
  }

  private static boolean givesTheSame(Snapshot from, Snapshot to, ItemName item) {
    return switch (item.kind()) {
      case FLAG -> givesTheSame(from.ruleset().flag(item.key()), to.ruleset().flag(item.key()));
      case SEGMENT ->
          Objects.equals(from.ruleset().segment(item.key()), to.ruleset().segment(item.key()));
    };
  }

  private static boolean givesTheSame(@Nullable Flag was, @Nullable Flag is) {
    if (was == null || is == null) {
      return was == is;
    }
    return was.equals(is)
        || (!was.targeting().enabled()
            && !is.targeting().enabled()
            && was.targeting().offVariant().equals(is.targeting().offVariant())
            && was.shape().equals(is.shape())
            && Objects.equals(was.unsupported(), is.unsupported()));
  }

  private static List<ItemName> names(List<ItemHistory.Entry> entries) {
    return entries.stream()
        .map(entry ->
            switch (entry.kind()) {
              case FLAG -> ItemName.flag(entry.key());
              case SEGMENT -> ItemName.segment(entry.key());
            })
        .toList();
  }

  private static boolean isSeen(Snapshot snapshot, String key, SdkCaller.Kind kind) {
    var flag = snapshot.ruleset().flag(key);
    return flag != null && Visibility.isGiven(kind, flag);
  }
}
