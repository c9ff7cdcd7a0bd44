package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Author;
import dev.stitchd.ruleset.FlagShape;
import java.util.List;
import java.util.UUID;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// The statements on `feature_flags` and `variants`.
final class FlagRows {

  private static final String SELECT =
      """
      SELECT f.id, f.key, f.name, f.type, f.description, f.tags, f.owner, f.client_visible, f.temporary, f.archived,
             f.version, f.created_at, f.created_by, f.updated_at,
             (SELECT json_agg(json_build_array(v.key, v.value) ORDER BY v.position)::text
                FROM variants v WHERE v.tenant_id = f.tenant_id AND v.flag_id = f.id) AS variants
        FROM feature_flags f
      """;

  private FlagRows() {}

  static Mono<FlagRow> find(Session session, TenantId tenant, UUID projectId, String key) {
    return session
        .one(
            SELECT + " WHERE f.tenant_id = $1 AND f.project_id = $2 AND f.key = $3",
            FlagRow::of,
            tenant.value(),
            projectId,
            key)
        .switchIfEmpty(
            Mono.error(
                () -> new Problem.NotFound("there is no flag '" + key + "' in this project")));
  }

  /// All flags of a project, archived ones too, in order of key.
  static Mono<List<FlagRow>> all(Session session, TenantId tenant, UUID projectId) {
    return session.all(
        SELECT + " WHERE f.tenant_id = $1 AND f.project_id = $2 ORDER BY f.key",
        FlagRow::of,
        tenant.value(),
        projectId);
  }

  /// A page of flags that fit a filter, one more than `limit`.
  static Mono<List<FlagRow>> page(
      Session session,
      TenantId tenant,
      UUID projectId,
      FlagFilter filter,
      String after,
      int limit) {
    return session.all(
        SELECT
            + """
             WHERE f.tenant_id = $1 AND f.project_id = $2 AND f.key > $3 AND f.archived = $4
               AND ($5::text IS NULL OR f.key ILIKE $5 OR f.name ILIKE $5) AND ($6::text IS NULL OR $6 = ANY (f.tags))
             ORDER BY f.key LIMIT $7
            """,
        FlagRow::of,
        tenant.value(),
        projectId,
        after,
        filter.archived(),
        filter.pattern(),
        filter.tag(),
        limit + 1);
  }

  static Mono<Long> count(Session session, TenantId tenant, UUID projectId) {
    return session.one(
        "SELECT count(*) AS flags FROM feature_flags WHERE tenant_id = $1 AND project_id = $2",
        row -> Columns.number(row, "flags"),
        tenant.value(),
        projectId);
  }

  static Mono<Void> insert(Session session, Author author, UUID projectId, FlagBody wanted) {
    return session
        .one(
            """
            INSERT INTO feature_flags (tenant_id, project_id, key, name, type, description, tags, owner, client_visible, temporary, created_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id
            """,
            row -> Columns.uuid(row, "id"),
            author.tenant().value(),
            projectId,
            wanted.named().key(),
            wanted.named().name(),
            wanted.shape().type().wire(),
            wanted.description(),
            wanted.tags().toArray(String[]::new),
            wanted.owner(),
            wanted.shape().clientVisible(),
            wanted.temporary(),
            author.name())
        .flatMap(id -> putVariants(session, author.tenant(), id, wanted.shape()));
  }

  static Mono<Void> update(Session session, Author author, FlagRow flag, FlagBody wanted) {
    var rows =
        session.run(
            """
            UPDATE feature_flags SET name = $3, description = $4, tags = $5, owner = $6, client_visible = $7, temporary = $8, archived = $9,
                   version = version + 1, updated_at = now()
             WHERE tenant_id = $1 AND id = $2
            """,
            author.tenant().value(),
            flag.id(),
            wanted.named().name(),
            wanted.description(),
            wanted.tags().toArray(String[]::new),
            wanted.owner(),
            wanted.shape().clientVisible(),
            wanted.temporary(),
            wanted.archived());
    var sameVariants = wanted.shape().variants().equals(flag.shape().variants());
    return sameVariants
        ? rows.then()
        : rows.then(replaceVariants(session, author.tenant(), flag.id(), wanted.shape()));
  }

  static Mono<Long> delete(Session session, TenantId tenant, UUID flag) {
    return session.run(
        "DELETE FROM feature_flags WHERE tenant_id = $1 AND id = $2", tenant.value(), flag);
  }

  private static Mono<Void> replaceVariants(
      Session session, TenantId tenant, UUID flag, FlagShape wanted) {
    return session
        .run("DELETE FROM variants WHERE tenant_id = $1 AND flag_id = $2", tenant.value(), flag)
        .then(putVariants(session, tenant, flag, wanted));
  }

  private static Mono<Void> putVariants(
      Session session, TenantId tenant, UUID flagId, FlagShape shape) {
    var variants = List.copyOf(shape.variants().entrySet());
    return Flux.range(0, variants.size())
        .concatMap(position ->
            session.run(
                "INSERT INTO variants (tenant_id, flag_id, position, key, value) VALUES ($1, $2, $3, $4, $5::json)",
                tenant.value(),
                flagId,
                position,
                variants.get(position).getKey(),
                Json.write(variants.get(position).getValue())))
        .then();
  }
}
