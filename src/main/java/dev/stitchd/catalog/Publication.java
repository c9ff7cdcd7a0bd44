package dev.stitchd.catalog;

import dev.stitchd.postgres.Session;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.revisionlog.RevisionLog;
import java.util.List;
import reactor.core.publisher.Mono;

/// Publishes to SDKs inside the transaction that changed the state.
final class Publication {

  private Publication() {}

  /// Publishes changes of one environment at the revision that it was locked at.
  static Mono<Void> publish(
      Session session, Author author, Locks.Locked at, List<ItemChange> changes) {
    return RevisionLog.append(session, at.at(author.tenant()), author.name(), changes)
        .then(Mono.defer(() -> RevisionLog.announce(session, at.at(author.tenant()))));
  }
}
