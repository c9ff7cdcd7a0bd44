package dev.stitchd.ruleset;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// What a flag gives to a context.
///
/// @param type null if the flag is not known
/// @param variant null if the reason is ERROR, as is `value`
/// @param ruleId the rule that decided, or `default` when the default's rollout did; else null
/// @param degraded whether a fact could not be fetched, so that the answer may be another once it
///   can; such an evaluation is not an exposure
/// @param unsupported what of the flag, or of what it depends on, this version cannot read, so that
///   the off variant is given; null if everything is understood; such an evaluation is not an
///   exposure
/// @param error null unless the reason is ERROR, or DEFAULT for want of a targeting key: then what
///   is given is what other flags see, and whoever asks for this one gets the error
public record Evaluation(
    String flagKey,
    @Nullable ValueType type,
    Reason reason,
    @Nullable String variant,
    @Nullable JsonNode value,
    @Nullable String ruleId,
    boolean degraded,
    @Nullable String unsupported,
    @Nullable ErrorCode error) {

  public static Evaluation error(String flagKey, @Nullable ValueType type, ErrorCode error) {
    return new Evaluation(flagKey, type, Reason.ERROR, null, null, null, false, null, error);
  }

  /// The same, with an error for whoever asked for the flag.
  public Evaluation withError(ErrorCode what) {
    return new Evaluation(
        flagKey, type, reason, variant, value, ruleId, degraded, unsupported, what);
  }

  /// The same, saying something else of what cannot be read.
  public Evaluation withUnsupported(String what) {
    return new Evaluation(flagKey, type, reason, variant, value, ruleId, degraded, what, error);
  }
}
