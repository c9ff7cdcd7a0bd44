package dev.stitchd.revisionlog;

import dev.stitchd.postgres.Session;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// The writing side of the log, inside the transaction that changes the state. Publishers complete
/// when PostgreSQL has taken the statement, fail as statements do, and run on the session's thread.
public final class RevisionLog {

  private RevisionLog() {}

  /// Appends changes of an environment at a revision and makes them its current items. Nobody hears
  /// of it before [#announce].
  ///
  /// @param actor who made them
  /// @param comment why, in the actor's words
  public static Mono<Void> append(
      Session session,
      EnvironmentRevision at,
      String actor,
      @Nullable String comment,
      List<ItemChange> changes) {
    return Flux.fromIterable(changes)
        .concatMap(change -> RevisionLogRows.append(session, at, actor, comment, change))
        .then();
  }

  /// Takes back what this transaction appended, of items that it is about to append again.
  public static Mono<Void> retract(
      Session session, EnvironmentRevision at, List<ItemChange> changes) {
    return Flux.fromIterable(changes)
        .concatMap(change -> RevisionLogRows.retract(session, at, change))
        .then();
  }

  /// As [#append], for an actor who says much the same of an item again and again: of its rows that
  /// follow each other, the log keeps the first and the newest.
  public static Mono<Void> appendAgain(
      Session session, EnvironmentRevision at, String actor, List<ItemChange> changes) {
    return Flux.fromIterable(changes)
        .concatMap(change -> RevisionLogRows.dropRepeated(session, at, actor, change))
        .then(append(session, at, actor, null, changes));
  }

  /// Tells every node where an environment stands, or that it is gone, once this transaction has
  /// committed.
  public static Mono<Void> announce(Session session, Announcement announcement) {
    return AnnouncementRows.announce(session, announcement);
  }
}
