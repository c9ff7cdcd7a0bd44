package dev.stitchd.ruleset;

import dev.stitchd.ruleset.condition.Reference;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// All flags and segments of one environment at one revision, ready to evaluate. Immutable.
public final class Ruleset {

  /// Nothing published.
  public static final Ruleset EMPTY = new Ruleset(Map.of(), Map.of(), Map.of());

  private static final SequencedSet<String> NONE =
      Collections.unmodifiableSequencedSet(new LinkedHashSet<>());

  private final Map<String, Flag> flags;
  private final Map<String, Segment> segments;
  private final Map<String, SequencedSet<String>> lists;
  private final Set<ItemName> unsupported;

  private Ruleset(
      Map<String, Flag> flags,
      Map<String, Segment> segments,
      Map<String, SequencedSet<String>> lists) {
    this.flags = Collections.unmodifiableMap(flags);
    this.segments = Collections.unmodifiableMap(segments);
    this.lists = lists;
    this.unsupported = unsupportedOf(flags, segments);
  }

  /// A ruleset of these, by key.
  public static Ruleset of(Map<String, Flag> flags, Map<String, Segment> segments) {
    return new Ruleset(new HashMap<>(flags), new HashMap<>(segments), listsOf(segments));
  }

  /// This ruleset after a change; what did not change is shared, not compiled again.
  ///
  /// @param changedFlags the new state by key; null if it was removed
  /// @param changedSegments likewise
  public Ruleset with(
      Map<String, @Nullable Flag> changedFlags, Map<String, @Nullable Segment> changedSegments) {
    var segmentsAfter = changed(segments, changedSegments);
    return new Ruleset(
        changed(flags, changedFlags),
        segmentsAfter,
        changedSegments.isEmpty() ? lists : listsOf(segmentsAfter));
  }

  public Map<String, Flag> flags() {
    return flags;
  }

  public Map<String, Segment> segments() {
    return segments;
  }

  public @Nullable Flag flag(String key) {
    return flags.get(key);
  }

  public @Nullable Segment segment(String key) {
    return segments.get(key);
  }

  /// The items of which this version understands only a part; mostly none.
  public Set<ItemName> unsupported() {
    return unsupported;
  }

  /// Whether a flag is enabled, or needed by one that is, directly or through others.
  public boolean serves(String key) {
    var reached = new HashSet<String>();
    var next = new ArrayDeque<String>();
    flags.values().stream()
        .filter(flag -> flag.targeting().enabled())
        .map(Flag::key)
        .forEach(next::add);
    while (!next.isEmpty()) {
      var one = next.remove();
      if (reached.add(one)) {
        references(ItemName.flag(one)).stream()
            .map(Reference::target)
            .filter(target -> target.kind() == ItemName.Kind.FLAG)
            .forEach(target -> next.add(target.key()));
      }
    }
    return reached.contains(key);
  }

  /// What an item names; nothing if there is no such item.
  public List<Reference> references(ItemName item) {
    return switch (item.kind()) {
      case FLAG -> {
        var flag = flags.get(item.key());
        yield flag == null ? List.of() : flag.references();
      }
      case SEGMENT -> {
        var segment = segments.get(item.key());
        yield segment == null ? List.of() : segment.references();
      }
    };
  }

  /// What each item names, of those that name anything.
  public Map<ItemName, List<Reference>> references() {
    var all = new HashMap<ItemName, List<Reference>>();
    flags.forEach((key, flag) -> all.put(ItemName.flag(key), flag.references()));
    segments.forEach((key, segment) -> all.put(ItemName.segment(key), segment.references()));
    all.values().removeIf(List::isEmpty);
    return all;
  }

  /// The keys, in their order, of the segments that have members of this context type.
  public SequencedSet<String> lists(String contextType) {
    return lists.getOrDefault(contextType, NONE);
  }

  /// Whether any segment has members that must be fetched.
  boolean hasLists() {
    return !lists.isEmpty();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Ruleset ruleset
        && flags.equals(ruleset.flags)
        && segments.equals(ruleset.segments);
  }

  @Override
  public int hashCode() {
    return flags.hashCode() * 31 + segments.hashCode();
  }

  private static Map<String, SequencedSet<String>> listsOf(Map<String, Segment> segments) {
    return segments.values().stream()
        .filter(segment -> segment.list() != null)
        .collect(
            Collectors.groupingBy(
                Segment::contextType,
                Collectors.mapping(
                    Segment::key,
                    Collectors.collectingAndThen(
                        Collectors.toCollection(TreeSet::new),
                        Collections::<String>unmodifiableSequencedSet))));
  }

  private static Set<ItemName> unsupportedOf(
      Map<String, Flag> flags, Map<String, Segment> segments) {
    var names = new HashSet<ItemName>();
    for (var flag : flags.values()) {
      if (flag.unsupported() != null) {
        names.add(ItemName.flag(flag.key()));
      }
    }
    for (var segment : segments.values()) {
      if (segment.unsupported() != null) {
        names.add(ItemName.segment(segment.key()));
      }
    }
    return Set.copyOf(names);
  }

  private static <T> Map<String, T> changed(
      Map<String, T> before, Map<String, @Nullable T> changes) {
    if (changes.isEmpty()) {
      return before;
    }
    var after = new HashMap<>(before);
    changes.forEach((key, item) -> {
      if (item == null) {
        after.remove(key);
      } else {
        after.put(key, item);
      }
    });
    return after;
  }
}
