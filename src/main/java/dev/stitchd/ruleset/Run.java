package dev.stitchd.ruleset;

import dev.stitchd.kernel.EvaluationContext;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One evaluation, or several for one context, in progress. Remembers what other flags and segments
/// gave, so that each is worked out once however often it is named, and notices when one depends on
/// itself. Confined to one thread.
final class Run {

  /// What a segment said; null truth while it is being worked out.
  private record Answer(@Nullable Truth truth, boolean degraded) {}

  private static final Answer BEING_ASKED = new Answer(null, false);
  private static final Evaluation BEING_EVALUATED = Evaluation.error("", null, ErrorCode.GENERAL);

  private final Ruleset ruleset;
  private final EvaluationContext context;
  private final Facts facts;
  private final Map<String, Evaluation> given = new HashMap<>();
  private final Map<String, Answer> answers = new HashMap<>();
  private boolean degraded;
  private boolean broken;
  private int depth;

  Run(Ruleset ruleset, EvaluationContext context, Facts facts) {
    this.ruleset = ruleset;
    this.context = context;
    this.facts = facts;
  }

  EvaluationContext context() {
    return context;
  }

  Facts facts() {
    return facts;
  }

  /// Whether a fact that was asked for is not known.
  boolean degraded() {
    return degraded;
  }

  /// What a flag gives, asked from outside.
  Evaluation evaluate(String flagKey) {
    degraded = false;
    var before = given.get(flagKey);
    var evaluation = before == null ? decide(flagKey) : before;
    if (!broken) {
      return evaluation;
    }
    broken = false;
    given.clear();
    answers.clear();
    return Evaluation.error(flagKey, evaluation.type(), ErrorCode.GENERAL);
  }

  /// Whether a prerequisite holds: the flag is on, and gives one of the variants.
  boolean satisfies(String flagKey, Set<String> variants) {
    var evaluation = other(flagKey);
    return evaluation.reason() != Reason.DISABLED && isOneOf(evaluation, variants);
  }

  /// Whether a flag gives one of the variants, for whatever reason.
  boolean gives(String flagKey, Set<String> variants) {
    return isOneOf(other(flagKey), variants);
  }

  private static boolean isOneOf(Evaluation evaluation, Set<String> variants) {
    return evaluation.variant() != null && variants.contains(evaluation.variant());
  }

  private Evaluation decide(String flagKey) {
    var flag = ruleset.flag(flagKey);
    return flag == null
        ? Evaluation.error(flagKey, null, ErrorCode.FLAG_NOT_FOUND)
        : Decision.of(flag.plan(), this);
  }

  /// What another flag gives; worked out once.
  Evaluation other(String flagKey) {
    var before = given.get(flagKey);
    if (before == null) {
      return enter() ? work(flagKey) : BEING_EVALUATED;
    }
    broken |= before == BEING_EVALUATED;
    degraded |= before.degraded();
    return before;
  }

  private Evaluation work(String flagKey) {
    boolean degradedBefore = degraded;
    degraded = false;
    given.put(flagKey, BEING_EVALUATED);
    var evaluation = decide(flagKey);
    given.put(flagKey, evaluation);
    degraded |= degradedBefore;
    depth--;
    return evaluation;
  }

  /// Whether the context belongs to a segment; unknown if it has no key of the segment's type.
  Truth inSegment(String segmentKey) {
    var segment = ruleset.segment(segmentKey);
    var contextKey = segment == null ? null : context.keyOf(segment.contextType());
    if (segment == null || contextKey == null) {
      return Truth.UNKNOWN;
    }
    if (segment.references().isEmpty()) {
      return ask(segment, contextKey);
    }
    var before = answers.get(segmentKey);
    if (before == null) {
      return enter() ? remember(segment, contextKey) : Truth.UNKNOWN;
    }
    broken |= before.truth() == null;
    degraded |= before.degraded();
    return before.truth() == null ? Truth.UNKNOWN : before.truth();
  }

  private Truth remember(Segment segment, String contextKey) {
    boolean degradedBefore = degraded;
    degraded = false;
    answers.put(segment.key(), BEING_ASKED);
    var truth = ask(segment, contextKey);
    answers.put(segment.key(), new Answer(truth, degraded));
    degraded |= degradedBefore;
    depth--;
    return truth;
  }

  private Truth ask(Segment segment, String contextKey) {
    var membership =
        segment.list() == null ? Facts.Membership.ABSENT : facts.of(segment.key(), contextKey);
    return switch (membership) {
      case EXCLUDED -> Truth.FALSE;
      case INCLUDED -> Truth.TRUE;
      case ABSENT -> byCondition(segment);
      case UNKNOWN -> {
        degraded = true;
        yield Truth.UNKNOWN;
      }
    };
  }

  private Truth byCondition(Segment segment) {
    var matcher = segment.matcher();
    return matcher == null ? Truth.FALSE : matcher.test(this);
  }

  /// Goes one item deeper; refused when that is deeper than anything that can be saved.
  private boolean enter() {
    if (depth == Limits.CHAIN) {
      broken = true;
      return false;
    }
    depth++;
    return true;
  }
}
