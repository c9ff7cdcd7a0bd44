package dev.stitchd.catalog.project;

import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.KeyAndName;
import dev.stitchd.resource.NamedResource;
import java.util.List;
import reactor.core.publisher.Mono;

/// `tenants`, and the statements on it.
final class TenantRows {

  private static final String COLUMNS =
      "id, key, name, version, created_at, created_by, updated_at";
  private static final String PAGE =
      "SELECT " + COLUMNS + " FROM tenants WHERE key > $1 ORDER BY key LIMIT $2";
  private static final String FIND = "SELECT " + COLUMNS + " FROM tenants WHERE key = $1";
  private static final String INSERT =
      "INSERT INTO tenants (key, name, created_by) VALUES ($1, $2, $3) RETURNING " + COLUMNS;
  private static final String RENAME =
      "UPDATE tenants SET name = $2, version = version + 1, updated_at = now() WHERE key = $1 RETURNING "
          + COLUMNS;
  private static final String HAS_PROJECTS = "SELECT 1 FROM projects WHERE tenant_id = $1 LIMIT 1";
  private static final String DELETE = "DELETE FROM tenants WHERE id = $1";

  private TenantRows() {}

  /// One more than `limit`.
  static Mono<List<NamedResource>> page(Session session, String after, int limit) {
    return session.all(PAGE, NamedResource::of, after, limit + 1);
  }

  static Mono<NamedResource> find(Session session, String key) {
    return find(session, FIND, key);
  }

  /// The row for ourselves until this transaction ends.
  static Mono<NamedResource> hold(Session session, String key) {
    return find(session, FIND + " FOR UPDATE", key);
  }

  static Mono<NamedResource> insert(Session session, Author author, KeyAndName wanted) {
    return session.one(INSERT, NamedResource::of, wanted.key(), wanted.name(), author.name());
  }

  static Mono<NamedResource> rename(Session session, String key, String name) {
    return session.one(RENAME, NamedResource::of, key, name);
  }

  /// As far as the transaction sees into the tenant.
  static Mono<Boolean> hasProjects(Session session, TenantId tenant) {
    return session.any(HAS_PROJECTS, tenant.value());
  }

  static Mono<Long> delete(Session session, TenantId tenant) {
    return session.run(DELETE, tenant.value());
  }

  private static Mono<NamedResource> find(Session session, String sql, String key) {
    return session
        .one(sql, NamedResource::of, key)
        .switchIfEmpty(Mono.error(() -> new Problem.NotFound("there is no tenant '" + key + "'")));
  }
}
