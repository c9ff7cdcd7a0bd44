package dev.stitchd.catalog.revision;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// The log, read for people. Whoever reads it asks afterwards whether all of it was still there.
final class RevisionRows {

  /// Whether the item was there before: its newest earlier row says.
  private static final String BEFORE =
      """
      (SELECT b.item IS NOT NULL FROM environment_changes b
        WHERE b.tenant_id = $1 AND b.environment_id = $2 AND b.item_kind = c.item_kind AND b.item_key = c.item_key
          AND b.revision < c.revision ORDER BY b.revision DESC LIMIT 1)
      """;

  private static final String PAGE =
      """
      WITH page AS (
        SELECT revision, bool_or(revision = (SELECT pruned FROM environments WHERE tenant_id = $1 AND id = $2)) AS first, min(committed_at) AS at, min(actor) AS actor, min(comment) AS comment, count(*) AS items
          FROM environment_changes
         WHERE tenant_id = $1 AND environment_id = $2 AND revision < $3
           AND revision >= (SELECT pruned FROM environments WHERE tenant_id = $1 AND id = $2)
         GROUP BY revision ORDER BY revision DESC LIMIT $4)
      SELECT p.*, (SELECT json_agg(json_build_array(i.item_kind, i.item_key, COALESCE(i.was, p.first), i.is_there) ORDER BY i.item_kind, i.item_key)::text
                     FROM (SELECT item_kind, item_key, item IS NOT NULL AS is_there,
      """
          + BEFORE
          + """
                                 AS was FROM environment_changes c
                                WHERE tenant_id = $1 AND environment_id = $2 AND revision = p.revision
                                ORDER BY item_kind, item_key LIMIT $5) i) AS changed
            FROM page p ORDER BY revision DESC
          """;

  private static final String CHANGED =
      """
      SELECT c.item_kind, c.item_key, c.item::text AS item, c.targeting::text AS targeting, c.committed_at, c.actor, c.comment,
             b.item::text AS item_before, b.targeting::text AS targeting_before,
             b.revision IS NOT NULL OR c.revision <> (SELECT pruned FROM environments WHERE tenant_id = $1 AND id = $2) AS known
        FROM environment_changes c
        LEFT JOIN LATERAL (
          SELECT revision, item, targeting FROM environment_changes
           WHERE tenant_id = $1 AND environment_id = $2 AND item_kind = c.item_kind AND item_key = c.item_key
             AND revision < c.revision ORDER BY revision DESC LIMIT 1) b ON true
       WHERE c.tenant_id = $1 AND c.environment_id = $2 AND c.revision = $3
       ORDER BY c.item_kind, c.item_key
      """;

  private static final String STATE =
      """
      SELECT item_kind, item_key, item::text AS item, targeting::text AS targeting
        FROM (SELECT DISTINCT ON (item_kind, item_key) item_kind, item_key, item, targeting FROM environment_changes
               WHERE tenant_id = $1 AND environment_id = $2 AND revision <= $3
               ORDER BY item_kind, item_key, revision DESC) newest
       WHERE item IS NOT NULL ORDER BY item_kind, item_key
      """;

  /// Only what was told of between the two can differ.
  private static final String DIFFERENCE =
      """
      WITH told AS (
        SELECT DISTINCT item_kind, item_key FROM environment_changes
         WHERE tenant_id = $1 AND environment_id = $2 AND revision > least($3::bigint, $4::bigint) AND revision <= greatest($3::bigint, $4::bigint))
      SELECT t.item_kind, t.item_key, b.item::text AS item_before, b.targeting::text AS targeting_before,
             a.item::text AS item, a.targeting::text AS targeting
        FROM told t
        LEFT JOIN LATERAL (
          SELECT item, targeting FROM environment_changes
           WHERE tenant_id = $1 AND environment_id = $2 AND item_kind = t.item_kind AND item_key = t.item_key
             AND revision <= $3 ORDER BY revision DESC LIMIT 1) b ON true
        LEFT JOIN LATERAL (
          SELECT item, targeting FROM environment_changes
           WHERE tenant_id = $1 AND environment_id = $2 AND item_kind = t.item_kind AND item_key = t.item_key
             AND revision <= $4 ORDER BY revision DESC LIMIT 1) a ON true
       ORDER BY t.item_kind, t.item_key
      """;

  /// @param changed of some of the items: kind, key, whether it was there before, whether it is
  ///   there
  record Listed(
      long revision,
      Instant at,
      String actor,
      @Nullable String comment,
      long items,
      JsonNode changed) {}

  /// @param known whether the log still says what was before
  record Changed(
      String kind,
      String key,
      @Nullable LoggedItem before,
      @Nullable LoggedItem after,
      boolean known) {}

  record Made(Instant at, String actor, @Nullable String comment, Changed changed) {}

  record Held(String kind, String key, LoggedItem item) {}

  private RevisionRows() {}

  /// Revisions below one, the newest first, one more than `limit`.
  ///
  /// @param named of how many items of each it is said what became of them
  static Mono<List<Listed>> page(
      Session session,
      TenantId tenant,
      EnvironmentId environment,
      long before,
      int limit,
      int named) {
    return session.all(
        PAGE, RevisionRows::listed, tenant.value(), environment.value(), before, limit + 1, named);
  }

  /// What a revision changed.
  static Mono<List<Made>> changed(
      Session session, TenantId tenant, EnvironmentId environment, long revision) {
    return session.all(CHANGED, RevisionRows::made, tenant.value(), environment.value(), revision);
  }

  /// All that was published at a revision.
  static Mono<List<Held>> state(
      Session session, TenantId tenant, EnvironmentId environment, long revision) {
    return session.all(STATE, RevisionRows::held, tenant.value(), environment.value(), revision);
  }

  /// What was told of between two revisions, as it was at each.
  static Mono<List<Changed>> difference(
      Session session, TenantId tenant, EnvironmentId environment, long from, long to) {
    return session.all(
        DIFFERENCE, row -> changed(row, true), tenant.value(), environment.value(), from, to);
  }

  private static Listed listed(Readable row) {
    return new Listed(
        Columns.number(row, "revision"),
        Columns.instant(row, "at"),
        Columns.text(row, "actor"),
        row.get("comment", String.class),
        Columns.number(row, "items"),
        Json.parseOwn(Columns.text(row, "changed")));
  }

  private static Made made(Readable row) {
    return new Made(
        Columns.instant(row, "committed_at"),
        Columns.text(row, "actor"),
        row.get("comment", String.class),
        changed(row, Columns.bool(row, "known")));
  }

  private static Changed changed(Readable row, boolean known) {
    return new Changed(
        Columns.text(row, "item_kind"),
        Columns.text(row, "item_key"),
        LoggedItem.of(row, "item_before", "targeting_before"),
        LoggedItem.of(row, "item", "targeting"),
        known);
  }

  private static Held held(Readable row) {
    return new Held(
        Columns.text(row, "item_kind"),
        Columns.text(row, "item_key"),
        Objects.requireNonNull(LoggedItem.of(row, "item", "targeting"), "item"));
  }
}
