package dev.stitchd.ruleset;

import dev.stitchd.kernel.EvaluationContext;

/// How large a flag or segment may be. Part of the published contract: SDKs that evaluate for
/// themselves rely on them, so they are the same on every installation.
final class Limits {

  static final int VARIANTS = 100;
  static final int RULES = 200;

  /// Keys in a flag's individual targets, all lists together.
  static final int TARGETS = 10_000;

  static final int PREREQUISITES = 100;

  /// Conditions in one flag or segment, groups included.
  static final int CONDITIONS = 1_000;

  static final int CONDITION_DEPTH = 20;
  static final int CONDITION_VALUES = 10_000;
  static final int SLOTS = 256;
  static final int PATTERN_LENGTH = 1_000;

  /// Instructions of a compiled pattern; matching costs this times the length of the text.
  static final int PATTERN_PROGRAM = 2_000;

  static final int DESCRIPTION = 1_000;

  /// Bytes of UTF-8 in a key of a target.
  static final int CONTEXT_KEY_BYTES = EvaluationContext.MAX_KEY_BYTES;

  /// How many flags and segments may depend on one another in a row.
  static final int CHAIN = 50;

  private Limits() {}
}
