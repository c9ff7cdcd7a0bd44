package dev.stitchd.catalog;

import dev.stitchd.changefeed.Announcement;
import dev.stitchd.kernel.Json;
import dev.stitchd.postgres.Session;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Publishes to SDKs inside the transaction that changed the state: the log row, the current item,
/// the announcement.
final class Publication {

  /// An item's whole new state; null removes it.
  record Change(PublishedItems.Kind kind, String key, @Nullable JsonNode state) {

    static Change flag(String key, @Nullable JsonNode state) {
      return new Change(PublishedItems.Kind.FLAG, key, state);
    }

    static Change segment(String key, @Nullable JsonNode state) {
      return new Change(PublishedItems.Kind.SEGMENT, key, state);
    }
  }

  private static final String LOG =
      """
      INSERT INTO environment_changes (tenant_id, environment_id, revision, item_kind, item_key, item, actor)
      VALUES ($1, $2, $3, $4, $5, $6::json, $7)
      """;
  private static final String PUT =
      """
      INSERT INTO environment_items (tenant_id, environment_id, item_kind, item_key, item, revision)
      VALUES ($1, $2, $3, $4, $5::json, $6)
      ON CONFLICT (environment_id, item_kind, item_key) DO UPDATE SET item = excluded.item, revision = excluded.revision
      """;
  private static final String REMOVE =
      "DELETE FROM environment_items WHERE tenant_id = $1 AND environment_id = $2 AND item_kind = $3 AND item_key = $4";

  private Publication() {}

  /// Publishes changes of one environment at the revision that it was locked at.
  static Mono<Void> publish(Session session, Author author, Locks.Locked at, List<Change> changes) {
    return Flux.fromIterable(changes)
        .concatMap(
            change -> log(session, author, at, change).then(keep(session, author, at, change)))
        .then(announce(session, at));
  }

  /// Tells every node where the environment stands once this transaction has committed.
  static Mono<Void> announce(Session session, Locks.Locked at) {
    return Mono.defer(
        () -> Announcement.announce(session, at.id(), at.revision(), at.accessVersion()));
  }

  private static Mono<Long> log(Session session, Author author, Locks.Locked at, Change change) {
    return session.run(
        LOG,
        author.tenant().value(),
        at.id().value(),
        at.revision(),
        kind(change),
        change.key(),
        change.state() == null ? null : Json.write(change.state()),
        author.name());
  }

  private static Mono<Long> keep(Session session, Author author, Locks.Locked at, Change change) {
    return change.state() == null
        ? session.run(REMOVE, author.tenant().value(), at.id().value(), kind(change), change.key())
        : session.run(
            PUT,
            author.tenant().value(),
            at.id().value(),
            kind(change),
            change.key(),
            Json.write(change.state()),
            at.revision());
  }

  private static String kind(Change change) {
    return switch (change.kind()) {
      case FLAG -> "flag";
      case SEGMENT -> "segment";
    };
  }
}
