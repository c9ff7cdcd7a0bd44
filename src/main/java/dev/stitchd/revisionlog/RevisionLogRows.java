package dev.stitchd.revisionlog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.EnvironmentSettings;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.ruleset.Flag;
import dev.stitchd.ruleset.Items;
import dev.stitchd.ruleset.Ruleset;
import dev.stitchd.ruleset.Segment;
import io.r2dbc.spi.Readable;
import java.util.HashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// The log and the current items with the rights of the management plane.
final class RevisionLogRows {

  private static final String LOG =
      """
      INSERT INTO environment_changes (tenant_id, environment_id, revision, item_kind, item_key, item, actor, comment, targeting)
      VALUES ($1, $2, $3, $4, $5, $6::json, $7, $8::text, $9::json)
      """;
  private static final String DROP_REPEATED =
      """
      WITH newest AS (SELECT revision, actor FROM environment_changes
                       WHERE tenant_id = $1 AND environment_id = $2 AND item_kind = $3 AND item_key = $4
                       ORDER BY revision DESC LIMIT 2)
      DELETE FROM environment_changes
       WHERE tenant_id = $1 AND environment_id = $2 AND item_kind = $3 AND item_key = $4
         AND revision = (SELECT max(revision) FROM newest)
         AND (SELECT count(*) FROM newest WHERE actor = $5) = 2
      """;
  private static final String RETRACT =
      "DELETE FROM environment_changes WHERE tenant_id = $1 AND environment_id = $2 AND revision = $3 AND item_kind = $4 AND item_key = $5";
  private static final String PUT =
      """
      INSERT INTO environment_items (tenant_id, environment_id, item_kind, item_key, item, revision)
      VALUES ($1, $2, $3, $4, $5::json, $6)
      ON CONFLICT (environment_id, item_kind, item_key) DO UPDATE SET item = excluded.item, revision = excluded.revision
      """;
  private static final String REMOVE =
      "DELETE FROM environment_items WHERE tenant_id = $1 AND environment_id = $2 AND item_kind = $3 AND item_key = $4";
  private static final String CURRENT =
      "SELECT item_kind, item_key, item::text AS item FROM environment_items WHERE tenant_id = $1 AND environment_id = $2";
  private static final String AT =
      """
      SELECT item_kind, item_key, item::text AS item
        FROM (SELECT DISTINCT ON (item_kind, item_key) item_kind, item_key, item FROM environment_changes
               WHERE tenant_id = $1 AND environment_id = $2 AND revision <= $3
               ORDER BY item_kind, item_key, revision DESC) newest
       WHERE item IS NOT NULL
      """;
  private static final String POSITION =
      """
      SELECT e.id, e.revision, e.settings::text AS settings
        FROM environments e JOIN projects p ON p.tenant_id = e.tenant_id AND p.id = e.project_id
       WHERE e.tenant_id = $1 AND p.key = $2 AND e.key = $3
      """;

  private static final String PRUNED =
      "SELECT pruned FROM environments WHERE tenant_id = $1 AND id = $2";

  private record Row(String kind, String key, JsonNode item) {}

  private RevisionLogRows() {}

  /// The log's row, then the current item.
  static Mono<Long> append(
      Session session,
      EnvironmentRevision at,
      String actor,
      @Nullable String comment,
      ItemChange change) {
    return log(session, at, actor, comment, change)
        .then(Mono.defer(() -> keep(session, at, change)));
  }

  /// Takes an item's newest row out of the log if that one and the one before are by this actor.
  static Mono<Long> dropRepeated(
      Session session, EnvironmentRevision at, String actor, ItemChange change) {
    return session.run(
        DROP_REPEATED,
        at.tenant().value(),
        at.environment().value(),
        kind(change),
        change.key(),
        actor);
  }

  /// Takes an item's row of a revision out of the log.
  static Mono<Long> retract(Session session, EnvironmentRevision at, ItemChange change) {
    return session.run(
        RETRACT,
        at.tenant().value(),
        at.environment().value(),
        at.revision(),
        kind(change),
        change.key());
  }

  /// Everything published in an environment now.
  static Mono<Ruleset> current(Session session, TenantId tenant, EnvironmentId environment) {
    return session
        .all(CURRENT, RevisionLogRows::row, tenant.value(), environment.value())
        .map(RevisionLogRows::ruleset);
  }

  /// What was published at a revision of the past.
  static Mono<Ruleset> at(
      Session session, TenantId tenant, EnvironmentId environment, long revision) {
    return session
        .all(AT, RevisionLogRows::row, tenant.value(), environment.value(), revision)
        .map(RevisionLogRows::ruleset);
  }

  /// The first revision that the log still knows; empty if there is no such environment.
  static Mono<Long> pruned(Session session, TenantId tenant, EnvironmentId environment) {
    return session.one(
        PRUNED, row -> Columns.number(row, "pruned"), tenant.value(), environment.value());
  }

  /// Where an environment stands; empty if there is none.
  static Mono<PublishedHistory.Position> position(
      Session session, TenantId tenant, String project, String environment) {
    return session.one(POSITION, RevisionLogRows::position, tenant.value(), project, environment);
  }

  private static Mono<Long> log(
      Session session,
      EnvironmentRevision at,
      String actor,
      @Nullable String comment,
      ItemChange change) {
    return session.run(
        LOG,
        at.tenant().value(),
        at.environment().value(),
        at.revision(),
        kind(change),
        change.key(),
        change.state() == null ? null : Json.write(change.state()),
        actor,
        comment,
        change.targeting() == null ? null : Json.write(change.targeting()));
  }

  private static Mono<Long> keep(Session session, EnvironmentRevision at, ItemChange change) {
    var tenant = at.tenant().value();
    var environment = at.environment().value();
    return change.state() == null
        ? session.run(REMOVE, tenant, environment, kind(change), change.key())
        : session.run(
            PUT,
            tenant,
            environment,
            kind(change),
            change.key(),
            Json.write(change.state()),
            at.revision());
  }

  private static String kind(ItemChange change) {
    return switch (change.kind()) {
      case FLAG -> "flag";
      case SEGMENT -> "segment";
    };
  }

  private static Row row(Readable row) {
    return new Row(
        Columns.text(row, "item_kind"), Columns.text(row, "item_key"), Columns.json(row, "item"));
  }

  private static PublishedHistory.Position position(Readable row) {
    return new PublishedHistory.Position(
        new EnvironmentId(Columns.uuid(row, "id")),
        Columns.number(row, "revision"),
        EnvironmentSettings.of(Columns.json(row, "settings")));
  }

  private static Ruleset ruleset(List<Row> rows) {
    var flags = new HashMap<String, Flag>();
    var segments = new HashMap<String, Segment>();
    for (var row : rows) {
      if (row.kind().equals("flag")) {
        flags.put(row.key(), Items.readFlagAsKnown(row.key(), row.item()));
      } else if (row.kind().equals("segment")) {
        segments.put(row.key(), Items.readSegmentAsKnown(row.key(), row.item()));
      }
    }
    return Ruleset.of(flags, segments);
  }
}
