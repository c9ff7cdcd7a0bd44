package dev.stitchd.ruleset.evaluation;

import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.ruleset.ErrorCode;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.ruleset.Facts;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.Limits;
import dev.stitchd.ruleset.Reason;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.Segment;
import dev.stitchd.ruleset.operator.Truth;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/// One evaluation, or several for one context, in progress. Remembers what other flags and segments
/// gave, so that each is worked out once however often it is named, and notices when one depends on
/// itself. Confined to one thread.
public final class EvaluationRun {

  /// What a segment said; null truth while it is being worked out.
  private record Answer(@Nullable Truth truth, boolean degraded, @Nullable String unsupported) {}

  private static final DateTimeFormatter MILLIS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSX", Locale.ROOT)
          .withZone(ZoneOffset.UTC);
  private static final Answer BEING_ASKED = new Answer(null, false, null);
  private static final Evaluation BEING_EVALUATED = Evaluation.error("", null, ErrorCode.GENERAL);

  private final Ruleset ruleset;
  private final EvaluationContext context;
  private final Facts facts;
  private final Map<String, Evaluation> given = new HashMap<>();
  private final Map<String, Answer> answers = new HashMap<>();
  private @Nullable JsonNode now;
  private boolean degraded;
  private @Nullable String unsupported;
  private boolean broken;
  private int depth;

  public EvaluationRun(Ruleset ruleset, EvaluationContext context, Facts facts) {
    this.ruleset = ruleset;
    this.context = context;
    this.facts = facts;
  }

  public EvaluationContext context() {
    return context;
  }

  public Facts facts() {
    return facts;
  }

  /// The time, as RFC 3339 in UTC with milliseconds; null if nobody said. The same for all that is
  /// evaluated together.
  public @Nullable JsonNode now() {
    var instant = facts.now();
    if (now == null && instant != null) {
      now = StringNode.valueOf(MILLIS.format(instant));
    }
    return now;
  }

  /// Whether a fact that was asked for is not known.
  boolean degraded() {
    return degraded;
  }

  /// What was asked for and this version cannot read; null if nothing.
  @Nullable String unsupported() {
    return unsupported;
  }

  /// What a flag gives, asked from outside.
  public Evaluation evaluate(String flagKey) {
    degraded = false;
    unsupported = null;
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
  public boolean satisfies(String flagKey, Set<String> variants) {
    var evaluation = other(flagKey);
    return evaluation.reason() != Reason.DISABLED && isOneOf(evaluation, variants);
  }

  /// Whether a flag gives one of the variants, for whatever reason.
  public boolean gives(String flagKey, Set<String> variants) {
    return isOneOf(other(flagKey), variants);
  }

  private static boolean isOneOf(Evaluation evaluation, Set<String> variants) {
    return evaluation.variant() != null && variants.contains(evaluation.variant());
  }

  private Evaluation decide(String flagKey) {
    var flag = ruleset.flag(flagKey);
    return flag == null ? Evaluation.error(flagKey, null, ErrorCode.FLAG_NOT_FOUND) : decide(flag);
  }

  /// A flag that is off gives its off variant whatever else it says.
  private Evaluation decide(Flag flag) {
    var plan = flag.plan();
    var cannotRead = flag.unsupported();
    if (cannotRead == null) {
      return Decision.of(plan, this);
    }
    if (plan.off().value() == null) {
      return Evaluation.error(flag.key(), null, ErrorCode.PARSE_ERROR)
          .withUnsupported(named(flag, cannotRead));
    }
    if (plan.enabled()) {
      note(named(flag, cannotRead));
    }
    return Decision.of(plan, this);
  }

  private static String named(Flag flag, String cannotRead) {
    return "flag '" + flag.key() + "': " + cannotRead;
  }

  /// What another flag gives; worked out once.
  public Evaluation other(String flagKey) {
    var before = given.get(flagKey);
    if (before == null) {
      return enter() ? work(flagKey) : BEING_EVALUATED;
    }
    broken |= before == BEING_EVALUATED;
    degraded |= before.degraded();
    note(before.unsupported());
    return before;
  }

  private Evaluation work(String flagKey) {
    boolean degradedBefore = degraded;
    var unsupportedBefore = unsupported;
    degraded = false;
    unsupported = null;
    given.put(flagKey, BEING_EVALUATED);
    var evaluation = decide(flagKey);
    given.put(flagKey, evaluation);
    degraded |= degradedBefore;
    unsupported = unsupportedBefore;
    note(evaluation.unsupported());
    depth--;
    return evaluation;
  }

  /// Whether the context belongs to a segment; unknown if it has no key of the segment's type.
  public Truth inSegment(String segmentKey) {
    var segment = ruleset.segment(segmentKey);
    if (segment != null && segment.unsupported() != null) {
      note("segment '" + segmentKey + "': " + segment.unsupported());
      return Truth.UNKNOWN;
    }
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
    note(before.unsupported());
    return before.truth() == null ? Truth.UNKNOWN : before.truth();
  }

  private Truth remember(Segment segment, String contextKey) {
    boolean degradedBefore = degraded;
    var unsupportedBefore = unsupported;
    degraded = false;
    unsupported = null;
    answers.put(segment.key(), BEING_ASKED);
    var truth = ask(segment, contextKey);
    var answer = new Answer(truth, degraded, unsupported);
    answers.put(segment.key(), answer);
    degraded |= degradedBefore;
    unsupported = unsupportedBefore;
    note(answer.unsupported());
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

  /// Keeps the first of what cannot be read: it is enough for the answer and its explanation.
  private void note(@Nullable String cannotRead) {
    if (unsupported == null) {
      unsupported = cannotRead;
    }
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
