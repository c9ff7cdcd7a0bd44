package dev.stitchd.segment;

import dev.stitchd.catalog.segment.SegmentList;
import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// Changes of single members that wait for each other go together. A transaction of a list holds
/// the list's row until it is durable; so while one runs, the changes of its kind that arrive are
/// gathered, and the next transaction makes all of them. None waits for others to come: the first
/// one begins at once, and makes a transaction of its own if nobody else is there.
///
/// Safe from any thread.
final class JoinedChanges {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  /// What became of changes that were made together.
  ///
  /// @param list after all of them
  /// @param changed the keys that were not there, or were there, before
  record Outcome(SegmentList list, Set<String> changed) {}

  private final ConcurrentHashMap<MemberChange.Kind, ChangeGroup> last = new ConcurrentHashMap<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final BiFunction<MemberChange.Kind, Set<String>, Mono<Outcome>> transaction;
  private final int mostWaiting;
  private final int mostKeys;

  /// @param transaction changes these keys; its outcome arrives when that is durable
  /// @param mostWaiting changes that wait or run, of all lists
  /// @param mostKeys of one transaction of more than one change
  JoinedChanges(
      BiFunction<MemberChange.Kind, Set<String>, Mono<Outcome>> transaction,
      int mostWaiting,
      int mostKeys) {
    this.transaction = transaction;
    this.mostWaiting = mostWaiting;
    this.mostKeys = mostKeys;
  }

  int waiting() {
    return waiting.get();
  }

  /// Makes a change. Emits the list after it and how many of its keys changed, once that is
  /// durable; a key that several changes of one transaction name counts for the first of them.
  /// Fails as the transaction does, or with [Problem.TooMany]. A change whose subscriber has gone
  /// is made nevertheless.
  Mono<Members.Changed> make(MemberChange change) {
    return Mono.defer(() -> {
      if (waiting.incrementAndGet() > mostWaiting) {
        waiting.decrementAndGet();
        return Mono.error(
            new Problem.TooMany(
                mostWaiting + " changes of members wait already; try again later", RETRY_AFTER));
      }
      return joined(change).doFinally(_ -> waiting.decrementAndGet());
    });
  }

  private Mono<Members.Changed> joined(MemberChange change) {
    var share = new HashSet<String>();
    var group =
        last.compute(
            change.kind(),
            (kind, before) ->
                before != null && before.join(change, share)
                    ? before
                    : after(kind, before, change, share));
    return group.outcome().map(outcome -> changed(outcome, share));
  }

  private ChangeGroup after(
      MemberChange.Kind kind,
      @Nullable ChangeGroup before,
      MemberChange change,
      Set<String> share) {
    var group =
        new ChangeGroup(
            mostKeys,
            before == null ? Mono.empty() : before.over(),
            (all, requests) -> transaction.apply(kind.askedFor(requests), all),
            ended -> last.remove(kind, ended));
    var _ = group.join(change, share);
    return group;
  }

  private static Members.Changed changed(Outcome outcome, Set<String> share) {
    return new Members.Changed(
        outcome.list(), share.stream().filter(outcome.changed()::contains).count());
  }
}
