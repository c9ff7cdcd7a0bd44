package dev.stitchd.revisionlog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.Items;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.RulesetCheck;
import dev.stitchd.ruleset.Segment;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// Everything published in an environment, read inside the transaction that holds its lock, to
/// check what a change would make of it.
public final class PublishedRuleset {

  private PublishedRuleset() {}

  public static Mono<Ruleset> load(Session session, TenantId tenant, EnvironmentId environment) {
    return RevisionLogRows.current(session, tenant, environment);
  }

  /// Refuses a change that would leave the environment with unknown names, cycles, or variants that
  /// do not exist.
  ///
  /// @param prefix what the paths of errors start with; empty if the request is the item
  public static Mono<Void> check(
      Session session, EnvironmentRevision at, ItemChange change, String prefix) {
    return load(session, at.tenant(), at.environment())
        .doOnNext(before -> check(before, change, prefix))
        .then();
  }

  /// Notes what many changes together would leave wrong.
  ///
  /// @param changes each with what the paths of its errors start with
  public static Mono<Void> check(
      Session session,
      EnvironmentRevision at,
      Map<ItemChange, String> changes,
      FieldErrors errors) {
    return load(session, at.tenant(), at.environment())
        .doOnNext(before -> check(before, changes, errors))
        .then();
  }

  /// The same for an environment in which nothing is published yet.
  public static void checkFirst(Map<ItemChange, String> changes, FieldErrors errors) {
    check(Ruleset.EMPTY, changes, errors);
  }

  /// Refuses the removal of an item that others name.
  ///
  /// @param key the environment's key, for the message
  public static Mono<Void> checkUnused(
      Session session, EnvironmentRevision at, String key, ItemName item) {
    return load(session, at.tenant(), at.environment())
        .doOnNext(before -> checkUnused(before, item, key))
        .then();
  }

  private static void check(Ruleset before, ItemChange change, String prefix) {
    var errors = new FieldErrors();
    check(before, Map.of(change, prefix), errors);
    errors.throwIfAny();
  }

  private static void check(Ruleset before, Map<ItemChange, String> changes, FieldErrors errors) {
    var flags = new HashMap<String, @Nullable Flag>();
    var segments = new HashMap<String, @Nullable Segment>();
    var prefixes = new LinkedHashMap<ItemName, String>();
    changes.forEach((change, prefix) -> {
      prefixes.put(name(change), prefix);
      switch (change.kind()) {
        case FLAG -> flags.put(change.key(), flag(change));
        case SEGMENT -> segments.put(change.key(), segment(change));
      }
    });
    RulesetCheck.check(before.with(flags, segments), prefixes, errors);
  }

  private static void checkUnused(Ruleset before, ItemName item, String environment) {
    var usages = RulesetCheck.usagesOf(before, item);
    if (!usages.isEmpty()) {
      var errors = new FieldErrors();
      usages.forEach(usage ->
          errors.add(
              usage.user().toString(),
              usage.path() + " in environment '" + environment + "' uses it"));
      throw new Problem.Conflict(
          "in-use", item + " is in use; remove it there first", errors.list());
    }
  }

  private static @Nullable Flag flag(ItemChange change) {
    return change.state() == null ? null : Items.readFlag(change.key(), change.state());
  }

  private static @Nullable Segment segment(ItemChange change) {
    return change.state() == null ? null : Items.readSegment(change.key(), change.state());
  }

  private static ItemName name(ItemChange change) {
    return switch (change.kind()) {
      case FLAG -> ItemName.flag(change.key());
      case SEGMENT -> ItemName.segment(change.key());
    };
  }
}
