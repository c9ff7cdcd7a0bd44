package dev.stitchd.catalog.flag;

import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.ruleset.FlagShape;
import dev.stitchd.ruleset.Items;
import dev.stitchd.ruleset.Targeting;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// What is published of a flag in an environment.
public final class FlagItems {

  private FlagItems() {}

  /// Gives every flag of the project its first targeting in a new environment.
  public static Mono<List<ItemChange>> startAll(UnitOfWork unit, LockedEnvironment at) {
    return FlagRows.all(unit.session(), unit.tenant(), at.projectId())
        .flatMapMany(Flux::fromIterable)
        .concatMap(flag -> start(unit, flag, at))
        .collectList();
  }

  /// Gives a flag its first targeting in an environment: off.
  static Mono<ItemChange> start(UnitOfWork unit, FlagRow flag, LockedEnvironment at) {
    var targeting = Targeting.initial(flag.shape());
    return TargetingRows.insert(unit.session(), unit.author(), flag.id(), at.id(), targeting)
        .thenReturn(change(flag, targeting));
  }

  /// The flag as it is now in an environment.
  static Mono<ItemChange> current(UnitOfWork unit, FlagRow flag, LockedEnvironment at) {
    return TargetingRows.find(unit.session(), unit.tenant(), flag.id(), at.id())
        .map(row -> change(flag, row.targeting()));
  }

  /// An archived flag is not published.
  static ItemChange change(FlagRow flag, Targeting targeting) {
    return flag.archived()
        ? ItemChange.flag(flag.key(), null, null)
        : change(flag.key(), false, flag.shape(), targeting);
  }

  /// The same of a flag that may be still to be made.
  static ItemChange change(String key, boolean archived, FlagShape shape, Targeting targeting) {
    return archived
        ? ItemChange.flag(key, null, null)
        : ItemChange.flag(key, Items.flag(shape, targeting), targeting.unlessPublished());
  }
}
