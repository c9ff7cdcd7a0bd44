package dev.stitchd.catalog.project;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.KeyAndName;
import dev.stitchd.resource.LookupRows;
import dev.stitchd.resource.NamedResource;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// `projects`, and the statements on it.
final class ProjectRows {

  private static final String COLUMNS =
      "id, key, name, version, created_at, created_by, updated_at";
  private static final String PAGE =
      "SELECT "
          + COLUMNS
          + " FROM projects WHERE tenant_id = $1 AND key > $2 AND ($4::text[] IS NULL OR key = ANY ($4::text[])) ORDER BY key LIMIT $3";
  private static final String FIND =
      "SELECT " + COLUMNS + " FROM projects WHERE tenant_id = $1 AND key = $2";
  private static final String INSERT =
      "INSERT INTO projects (tenant_id, key, name, created_by) VALUES ($1, $2, $3, $4) RETURNING "
          + COLUMNS;
  private static final String RENAME =
      "UPDATE projects SET name = $3, version = version + 1, updated_at = now() WHERE tenant_id = $1 AND id = $2 RETURNING "
          + COLUMNS;
  private static final String LOCK_ENVIRONMENTS =
      "SELECT id FROM environments WHERE tenant_id = $1 AND project_id = $2 ORDER BY id FOR UPDATE";

  private static final String PRODUCTIONS =
      "SELECT key FROM environments WHERE tenant_id = $1 AND project_id = $2 AND production";

  private ProjectRows() {}

  /// One more than `limit`.
  ///
  /// @param seen keys; null for all
  static Mono<List<NamedResource>> page(
      Session session, TenantId tenant, @Nullable List<String> seen, String after, int limit) {
    return session.all(
        PAGE, NamedResource::of, tenant.value(), after, limit + 1, Columns.texts(seen));
  }

  static Mono<NamedResource> find(Session session, TenantId tenant, String key) {
    return session
        .one(FIND, NamedResource::of, tenant.value(), key)
        .switchIfEmpty(Mono.error(() -> LookupRows.noProject(key)));
  }

  static Mono<NamedResource> insert(Session session, Author author, KeyAndName wanted) {
    return session.one(
        INSERT,
        NamedResource::of,
        author.tenant().value(),
        wanted.key(),
        wanted.name(),
        author.name());
  }

  static Mono<NamedResource> rename(Session session, TenantId tenant, UUID project, String name) {
    return session.one(RENAME, NamedResource::of, tenant.value(), project, name);
  }

  /// The keys of the project's environments that are marked production.
  static Mono<Set<String>> productions(Session session, TenantId tenant, UUID project) {
    return session
        .all(PRODUCTIONS, row -> Columns.text(row, "key"), tenant.value(), project)
        .map(Set::copyOf);
  }

  /// The project's environments, held until the transaction ends.
  static Mono<List<EnvironmentId>> lockEnvironments(
      Session session, TenantId tenant, UUID project) {
    return session.all(
        LOCK_ENVIRONMENTS,
        row -> new EnvironmentId(Columns.uuid(row, "id")),
        tenant.value(),
        project);
  }
}
