package dev.stitchd.warehouse;

import dev.stitchd.delivery.EventKind;
import dev.stitchd.kernel.EnvironmentId;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// Events of all nodes as they arrive: a look through the window, not a record. Under load it shows
/// a sample and says so; it never slows what it shows.
public interface LiveEvents {

  /// What arrives from now on, each event once, about a second after it arrived. Ends with
  /// [Item.Goodbye] after `stitchd.live.longest`, when the node stops or the environment is
  /// deleted. Fails with [dev.stitchd.kernel.Problem.TooMany] if too many watch already. Emits on
  /// the scheduler `timer` or a thread of the store's client; a slow subscriber misses events,
  /// which are then sampled.
  ///
  /// @param deleted completes when the environment is
  Flux<Item> watch(EnvironmentId environment, Filter filter, Mono<Void> deleted);

  /// What is shown. A rejected event has no fields to be trusted, so only `outcome` leaves it out.
  ///
  /// @param type null for all kinds
  /// @param context a targeting key
  record Filter(
      @Nullable EventKind type,
      @Nullable String flag,
      @Nullable String event,
      @Nullable String context,
      @Nullable Outcome outcome) {}

  /// What became of an event.
  enum Outcome {
    ACCEPTED,
    REJECTED
  }

  /// What a watcher sees.
  sealed interface Item {

    record Accepted(ObjectNode event) implements Item {}

    record Rejected(ObjectNode event) implements Item {}

    /// There were more than are shown.
    record Sampled(int shown) implements Item {}

    /// ClickHouse does not answer; told once until it does.
    record Degraded(String detail) implements Item {}

    /// Nothing happened for a while.
    record Quiet() implements Item {}

    /// @param reason as the streams of SDKs name it
    /// @param reconnectAfter null if there is nothing to come back to
    record Goodbye(String reason, @Nullable Duration reconnectAfter) implements Item {}
  }
}
