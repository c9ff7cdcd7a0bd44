package dev.stitchd.warehouse;

import dev.stitchd.kernel.EnvironmentId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Removes events from the store for good, with what was made of them. One caller at a time, among
/// all nodes, who also keeps rollups from being made meanwhile.
public interface EventRemoval {

  /// What is to be removed.
  ///
  /// @param context whose events; null for everything of the environment
  record Removal(EnvironmentId environment, @Nullable Context context) {}

  /// One person, or whatever a context is.
  ///
  /// @param until events that were received later stay
  record Context(String type, String key, Instant until) {}

  /// What became of one removal in one table.
  ///
  /// @param rows how many there were
  /// @param left whether rows went on coming, so that some are still there
  record Removed(long rows, boolean left) {}

  /// How many tables there are to be looked at.
  int tables();

  /// Removes all of these from one table after the other. Emits for each table what became of each,
  /// when no row of them is found in it any more or too many came meanwhile, and completes when
  /// what was made of events is made again of those that stay; fails as the store's client does,
  /// and may be begun again then. On the client's threads.
  Flux<List<Removed>> remove(List<Removal> removals);

  /// What mutations of the store's tables are at work, for people: their table, their age, how many
  /// parts are left, and the code of their latest failure. Empty if there are none; fails as the
  /// store's client does.
  Mono<String> atWork();
}
