package dev.stitchd.catalog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.Items;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.RulesetCheck;
import dev.stitchd.ruleset.Segment;
import io.r2dbc.spi.Readable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Everything published in an environment, read inside the transaction that holds its lock, to
/// check what a change would make of it.
final class PublishedRuleset {

  private static final String AT =
      """
      SELECT item_kind, item_key, item::text AS item
        FROM (SELECT DISTINCT ON (item_kind, item_key) item_kind, item_key, item FROM environment_changes
               WHERE tenant_id = $1 AND environment_id = $2 AND revision <= $3
               ORDER BY item_kind, item_key, revision DESC) newest
       WHERE item IS NOT NULL
      """;

  private record Row(String kind, String key, JsonNode item) {}

  private PublishedRuleset() {}

  static Mono<Ruleset> load(Session session, TenantId tenant, Locks.Locked at) {
    return load(session, tenant, at.id());
  }

  static Mono<Ruleset> load(Session session, TenantId tenant, EnvironmentId environment) {
    return session
        .all(
            "SELECT item_kind, item_key, item::text AS item FROM environment_items WHERE tenant_id = $1 AND environment_id = $2",
            PublishedRuleset::row,
            tenant.value(),
            environment.value())
        .map(PublishedRuleset::of);
  }

  /// What was published at a revision of the past, out of the log.
  static Mono<Ruleset> at(
      Session session, TenantId tenant, EnvironmentId environment, long revision) {
    return session
        .all(AT, PublishedRuleset::row, tenant.value(), environment.value(), revision)
        .map(PublishedRuleset::of);
  }

  private static Row row(Readable row) {
    return new Row(
        Columns.text(row, "item_kind"), Columns.text(row, "item_key"), Columns.json(row, "item"));
  }

  /// Refuses a change that would leave the environment with unknown names, cycles, or variants that
  /// do not exist.
  ///
  /// @param prefix what the paths of errors start with; empty if the request is the item
  static Mono<Void> check(
      Session session, TenantId tenant, Locks.Locked at, Publication.Change change, String prefix) {
    return load(session, tenant, at).doOnNext(before -> check(before, change, prefix)).then();
  }

  /// Refuses the removal of an item that others name.
  static Mono<Void> checkUnused(Session session, TenantId tenant, Locks.Locked at, ItemName item) {
    return load(session, tenant, at).doOnNext(before -> checkUnused(before, item, at.key())).then();
  }

  private static void check(Ruleset before, Publication.Change change, String prefix) {
    var errors = new FieldErrors();
    RulesetCheck.check(with(before, change), Map.of(name(change), prefix), errors);
    errors.throwIfAny();
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

  private static Ruleset with(Ruleset before, Publication.Change change) {
    return switch (change.kind()) {
      case FLAG -> before.with(one(change.key(), flag(change)), Map.of());
      case SEGMENT -> before.with(Map.of(), one(change.key(), segment(change)));
    };
  }

  private static @Nullable Flag flag(Publication.Change change) {
    return change.state() == null ? null : Items.readFlag(change.key(), change.state());
  }

  private static @Nullable Segment segment(Publication.Change change) {
    return change.state() == null ? null : Items.readSegment(change.key(), change.state());
  }

  private static ItemName name(Publication.Change change) {
    return switch (change.kind()) {
      case FLAG -> ItemName.flag(change.key());
      case SEGMENT -> ItemName.segment(change.key());
    };
  }

  private static <T> Map<String, @Nullable T> one(String key, @Nullable T value) {
    var map = new HashMap<String, @Nullable T>();
    map.put(key, value);
    return map;
  }

  private static Ruleset of(List<Row> rows) {
    var flags = new HashMap<String, Flag>();
    var segments = new HashMap<String, Segment>();
    for (var row : rows) {
      if (row.kind().equals("flag")) {
        flags.put(row.key(), Items.readFlag(row.key(), row.item()));
      } else {
        segments.put(row.key(), Items.readSegment(row.key(), row.item()));
      }
    }
    return Ruleset.of(flags, segments);
  }
}
