package dev.stitchd.resource;

import dev.stitchd.kernel.Problem;

/// A stored resource that a newer node wrote, as happens in the middle of a rolling upgrade, and
/// that this version can show but neither change nor publish.
public final class NewerVersion {

  private NewerVersion() {}

  /// @param what is stored, as in `targeting`
  /// @param why what this version could not read
  public static Problem of(String what, IllegalArgumentException why) {
    return new Problem.Conflict(
        "newer-version",
        "the stored "
            + what
            + " uses what this node's version does not know ("
            + why.getMessage()
            + "): send this to a node of a newer version, or upgrade this one");
  }
}
