package dev.stitchd.ruleset.evaluation;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.Needs;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.condition.Reference;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Finds the list segments that an evaluation can reach, whatever its conditions will say.
public final class ReachableLists {

  private final Ruleset ruleset;
  private final EvaluationContext context;
  private final boolean throughOff;
  private final Set<ItemName> seen = new HashSet<>();
  private final ArrayDeque<ItemName> open = new ArrayDeque<>();
  private final Set<Needs.Member> members = new HashSet<>();

  private ReachableLists(Ruleset ruleset, EvaluationContext context, boolean throughOff) {
    this.ruleset = ruleset;
    this.context = context;
    this.throughOff = throughOff;
  }

  /// @param throughOff whether flags that are not enabled are searched as if they were
  public static Needs of(
      Ruleset ruleset, Collection<String> flagKeys, EvaluationContext context, boolean throughOff) {
    var reach = new ReachableLists(ruleset, context, throughOff);
    flagKeys.forEach(key -> reach.open(ItemName.flag(key)));
    while (!reach.open.isEmpty()) {
      reach.visit(reach.open.remove());
    }
    return new Needs(reach.members);
  }

  private void open(ItemName item) {
    if (seen.add(item)) {
      open.add(item);
    }
  }

  private void visit(ItemName item) {
    var references =
        switch (item.kind()) {
          case FLAG -> ofFlag(item.key());
          case SEGMENT -> ofSegment(item.key());
        };
    references.forEach(reference -> open(reference.target()));
  }

  private List<Reference> ofFlag(String key) {
    var flag = ruleset.flag(key);
    return flag == null || flag.unsupported() != null || !(throughOff || flag.targeting().enabled())
        ? List.of()
        : flag.references();
  }

  private List<Reference> ofSegment(String key) {
    var segment = ruleset.segment(key);
    var contextKey = segment == null ? null : context.keyOf(segment.contextType());
    if (segment == null || segment.unsupported() != null || contextKey == null) {
      return List.of();
    }
    if (segment.list() != null) {
      members.add(new Needs.Member(key, contextKey));
    }
    return segment.references();
  }
}
