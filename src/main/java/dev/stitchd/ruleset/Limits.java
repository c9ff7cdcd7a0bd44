package dev.stitchd.ruleset;

import dev.stitchd.kernel.EvaluationContext;

/// How large a flag or segment may be. Part of the published contract: SDKs that evaluate for
/// themselves rely on them, so they are the same on every installation.
public final class Limits {

  public static final int VARIANTS = 100;
  public static final int RULES = 200;

  /// Keys in a flag's individual targets, all lists together.
  public static final int TARGETS = 10_000;

  public static final int PREREQUISITES = 100;

  /// Conditions in one flag or segment, groups included.
  public static final int CONDITIONS = 1_000;

  public static final int CONDITION_DEPTH = 20;
  public static final int CONDITION_VALUES = 10_000;
  public static final int SLOTS = 256;
  public static final int PATTERN_LENGTH = 1_000;

  /// Instructions of a compiled pattern; matching costs this times the length of the text.
  public static final int PATTERN_PROGRAM = 2_000;

  public static final int DESCRIPTION = 1_000;

  /// Bytes of UTF-8 in a key of a target.
  public static final int CONTEXT_KEY_BYTES = EvaluationContext.MAX_KEY_BYTES;

  /// How many flags and segments may depend on one another in a row.
  public static final int CHAIN = 50;

  private Limits() {}
}
