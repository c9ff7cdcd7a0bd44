package dev.stitchd.ruleset;

/// The name of something in a ruleset.
public record ItemName(Kind kind, String key) {

  /// The kinds; keys are unique per kind.
  public enum Kind {
    FLAG,
    SEGMENT
  }

  public static ItemName flag(String key) {
    return new ItemName(Kind.FLAG, key);
  }

  public static ItemName segment(String key) {
    return new ItemName(Kind.SEGMENT, key);
  }

  /// In words: `flag 'checkout'`.
  @Override
  public String toString() {
    return (kind == Kind.FLAG ? "flag '" : "segment '") + key + "'";
  }
}
