package dev.stitchd.segment;

import dev.stitchd.kernel.EnvironmentId;
import java.util.List;
import java.util.Set;
import reactor.core.publisher.Mono;

/// Who is on which list.
public interface Memberships {

  /// A key on a list.
  ///
  /// @param included false if it is on the list of exclusions, which wins if it is on both
  record Listing(String segment, String key, boolean included) {}

  /// Where these keys stand in these segments' lists at this moment: one statement, none if either
  /// collection is empty. Emits one list, without an order; what it does not name is on neither
  /// list. Segments without lists, or unknown ones, have nobody on them.
  ///
  /// Fails with [dev.stitchd.kernel.Problem.Unavailable] if the store does not answer in time, or
  /// if too many such questions are open; with [dev.stitchd.kernel.Problem.TooLarge] if there is
  /// more to say than one answer may hold. Never waits longer than the settings allow. Emits on an
  /// R2DBC event loop or the timer.
  Mono<List<Listing>> listings(EnvironmentId environment, Set<String> segments, Set<String> keys);
}
