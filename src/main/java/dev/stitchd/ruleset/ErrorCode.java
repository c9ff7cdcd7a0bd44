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
  GENERAL;

  /// What it means to whoever asked for a flag.
  public String details(String key) {
    return switch (this) {
      case FLAG_NOT_FOUND -> "there is no flag '" + key + "' for this key";
      case TARGETING_KEY_MISSING ->
          "flag '"
              + key
              + "' is rolled out by the targeting key, or by another attribute, that the context does not have";
      case PARSE_ERROR ->
          "this version of the server cannot read the type or the off variant of flag '"
              + key
              + "'";
      case GENERAL -> "flag '" + key + "' depends on itself or on too long a chain of flags";
    };
  }
}
