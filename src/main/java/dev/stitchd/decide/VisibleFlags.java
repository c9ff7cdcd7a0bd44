package dev.stitchd.decide;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.Ruleset;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/// Which flags a caller may see. The sorted list of each ruleset is made once; safe from any
/// thread.
@Component
final class VisibleFlags {

  private record Keys(List<String> all, List<String> clientVisible) {}

  private final Cache<Ruleset, Keys> keys;

  VisibleFlags(DecideSettings settings) {
    keys =
        Caffeine.newBuilder()
            .weakKeys() // a ruleset is itself, and goes when its snapshot does
            .maximumSize(settings.ruleSets())
            .executor(Runnable::run)
            .build();
  }

  /// Whether a flag exists for this caller.
  static boolean maySee(SdkCaller caller, @Nullable Flag flag) {
    return flag != null && Visibility.isGiven(caller.kind(), flag);
  }

  /// The keys of all flags that this caller may see, sorted.
  List<String> of(SdkCaller caller, Ruleset ruleset) {
    var known = keys.get(ruleset, VisibleFlags::sorted);
    return switch (caller.kind()) {
      case SERVER -> known.all();
      case CLIENT -> known.clientVisible();
    };
  }

  private static Keys sorted(Ruleset ruleset) {
    return new Keys(
        ruleset.flags().keySet().stream().sorted().toList(),
        ruleset.flags().values().stream()
            .filter(flag -> Visibility.isGiven(SdkCaller.Kind.CLIENT, flag))
            .map(Flag::key)
            .sorted()
            .toList());
  }
}
