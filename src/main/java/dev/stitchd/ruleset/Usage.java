package dev.stitchd.ruleset;

/// One place where something is used.
///
/// @param user who uses it
/// @param path where in the user, as `rules[2].when.all[0]`
public record Usage(ItemName user, String path) {

  /// In words: `flag 'checkout' (rules[0].when)`.
  @Override
  public String toString() {
    return user + " (" + path + ")";
  }
}
