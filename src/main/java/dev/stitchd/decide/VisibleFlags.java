package dev.stitchd.decide;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.snapshot.Snapshot;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which flags a caller may see: the keys of all and of those that clients may see, each sorted,
/// made once for each snapshot.
record VisibleFlags(List<String> all, List<String> clientVisible) {

  /// Whether a flag exists for this caller.
  static boolean maySee(SdkCaller caller, @Nullable Flag flag) {
    return flag != null && Visibility.isGiven(caller.kind(), flag);
  }

  /// The keys of all flags that this caller may see, sorted.
  static List<String> of(SdkCaller caller, Snapshot snapshot) {
    var known = snapshot.derived().get(VisibleFlags.class, () -> sorted(snapshot.ruleset()));
    return switch (caller.kind()) {
      case SERVER -> known.all();
      case CLIENT -> known.clientVisible();
    };
  }

  private static VisibleFlags sorted(Ruleset ruleset) {
    return new VisibleFlags(
        ruleset.flags().keySet().stream().sorted().toList(),
        ruleset.flags().values().stream()
            .filter(flag -> Visibility.isGiven(SdkCaller.Kind.CLIENT, flag))
            .map(Flag::key)
            .sorted()
            .toList());
  }
}
