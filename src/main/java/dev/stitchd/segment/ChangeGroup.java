package dev.stitchd.segment;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// Changes of one kind that one transaction makes. Open until that begins, which is when the group
/// before has ended. Safe from any thread.
final class ChangeGroup {

  private final int mostKeys;
  private final Set<String> keys = new HashSet<>();
  private final List<String> requests = new ArrayList<>();
  private final Sinks.Empty<Void> over = Sinks.empty();
  private final Mono<JoinedChanges.Outcome> outcome;
  private boolean begun;

  /// @param before completes when this one may begin; no reference to the group before, so that a
  ///   busy list's past can be forgotten
  /// @param transaction asked for once, with all keys and the ids of the requests that brought them
  /// @param ended told when it is over
  ChangeGroup(
      int mostKeys,
      Mono<Void> before,
      BiFunction<Set<String>, List<String>, Mono<JoinedChanges.Outcome>> transaction,
      Consumer<ChangeGroup> ended) {
    this.mostKeys = mostKeys;
    this.outcome =
        before
            .then(Mono.defer(() -> transaction.apply(begin(), requests)))
            .doFinally(_ -> {
              ended.accept(this);
              var _ = over.tryEmitEmpty(); // nobody else emits, and it is emitted once
            })
            .cache();
  }

  /// Adds keys, if the group has not begun and has room; the first ones always have.
  ///
  /// @param share filled with those that nobody had brought before
  synchronized boolean join(MemberChange change, Set<String> share) {
    var more = change.keys();
    if (begun || (!keys.isEmpty() && keys.size() + more.size() > mostKeys)) {
      return false;
    }
    requests.add(change.request());
    for (var key : more) {
      if (keys.add(key)) {
        share.add(key);
      }
    }
    return true;
  }

  /// The same for everybody in it; the transaction is not cancelled if they go.
  Mono<JoinedChanges.Outcome> outcome() {
    return outcome;
  }

  /// Completes when the group has ended, however it did.
  Mono<Void> over() {
    return over.asMono();
  }

  private synchronized Set<String> begin() {
    begun = true;
    return keys;
  }
}
