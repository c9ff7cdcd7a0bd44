package dev.stitchd.ruleset;

/// Why an evaluation gave what it gave; OpenFeature's words, and one of ours.
public enum Reason {
  /// The flag has nothing that looks at the context.
  STATIC,
  /// Nothing else decided.
  DEFAULT,
  /// An individual target or a rule.
  TARGETING_MATCH,
  /// A bucket.
  SPLIT,
  /// The flag is off here.
  DISABLED,
  /// Another flag does not give what this one requires.
  PREREQUISITE_FAILED,
  /// See the error code.
  ERROR;

  /// OpenFeature's word for it.
  public String word() {
    return this == PREREQUISITE_FAILED ? DEFAULT.name() : name();
  }
}
