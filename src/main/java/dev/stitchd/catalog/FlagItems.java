package dev.stitchd.catalog;

import dev.stitchd.postgres.Session;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.ruleset.Items;
import dev.stitchd.ruleset.Targeting;
import java.util.List;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// What is published of a flag in an environment.
@Component
final class FlagItems {

  /// Gives every flag of the project its first targeting in a new environment.
  Mono<List<ItemChange>> startAll(Session session, Author author, Locks.Locked at) {
    return FlagRow.all(session, author.tenant(), at.projectId())
        .flatMapMany(Flux::fromIterable)
        .concatMap(flag -> start(session, author, flag, at))
        .collectList();
  }

  /// Gives a flag its first targeting in an environment: off.
  Mono<ItemChange> start(Session session, Author author, FlagRow flag, Locks.Locked at) {
    var targeting = Targeting.initial(flag.shape());
    return TargetingRow.insert(session, author, flag.id(), at.id(), targeting)
        .thenReturn(change(flag, targeting));
  }

  /// The flag as it is now in an environment.
  Mono<ItemChange> current(Session session, Author author, FlagRow flag, Locks.Locked at) {
    return TargetingRow.find(session, author.tenant(), flag.id(), at.id())
        .map(row -> change(flag, row.targeting()));
  }

  /// An archived flag is not published.
  static ItemChange change(FlagRow flag, Targeting targeting) {
    return ItemChange.flag(
        flag.key(), flag.archived() ? null : Items.flag(flag.shape(), targeting));
  }
}
