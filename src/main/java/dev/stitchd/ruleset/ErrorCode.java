package dev.stitchd.ruleset;

/// What went wrong in an evaluation, in OpenFeature's words.
public enum ErrorCode {
  /// Unknown, archived or deleted.
  FLAG_NOT_FOUND,
  /// The default's rollout alone decided, and the context has nothing that it could be bucketed by.
  /// The off variant is given inside, where another flag asks; whoever asked for the flag is told.
  TARGETING_KEY_MISSING,

  /// The flag's type or off variant cannot be read by this version; see [Evaluation#unsupported].
  PARSE_ERROR,
  /// The flag depends on itself, or on too long a chain; refused when saved, so this is damage.
  GENERAL
}
