package dev.stitchd.decide;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.ruleset.Flag;

/// Which flags exist for a key.
public final class Visibility {

  private Visibility() {}

  /// Whether keys of a kind may see a flag.
  public static boolean isGiven(SdkCaller.Kind kind, Flag flag) {
    return switch (kind) {
      case SERVER -> true;
      case CLIENT -> flag.shape().clientVisible();
    };
  }
}
