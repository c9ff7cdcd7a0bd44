package dev.stitchd.catalog.project;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.LookupRows;
import dev.stitchd.resource.Resource;
import dev.stitchd.resource.Versioned;
import io.r2dbc.spi.Readable;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// `environments`, and the statements on it.
final class EnvironmentRows {

  private static final String COLUMNS =
      "id, project_id, key, name, production, settings::text AS settings, revision, access_version, version, created_at, created_by, updated_at";
  private static final String PAGE =
      "SELECT "
          + COLUMNS
          + " FROM environments WHERE tenant_id = $1 AND project_id = $2 AND key > $3 AND ($5::text[] IS NULL OR key = ANY ($5::text[])) ORDER BY key LIMIT $4";
  private static final String FIND =
      "SELECT "
          + COLUMNS
          + " FROM environments WHERE tenant_id = $1 AND project_id = $2 AND key = $3";
  private static final String INSERT =
      "INSERT INTO environments (tenant_id, project_id, key, name, production, settings, revision, created_by) VALUES ($1, $2, $3, $4, $5, $6::jsonb, 1, $7) RETURNING "
          + COLUMNS;
  private static final String REPLACE =
      "UPDATE environments SET name = $3, production = $4, settings = $5::jsonb, version = version + 1, updated_at = now() WHERE tenant_id = $1 AND id = $2 RETURNING "
          + COLUMNS;

  record Environment(
      UUID projectId,
      String key,
      String name,
      boolean production,
      JsonNode settings,
      long revision,
      long accessVersion,
      Versioned meta)
      implements Resource {

    @Override
    public ObjectNode body() {
      var body = Json.object().put("key", key).put("name", name).put("production", production);
      body.set("settings", settings);
      return meta.into(body.put("revision", revision));
    }

    @Override
    public long version() {
      return meta.version();
    }

    EnvironmentId id() {
      return new EnvironmentId(meta.id());
    }

    /// As the transaction holds it that made it.
    LockedEnvironment locked() {
      return new LockedEnvironment(id(), projectId, key, production, revision, accessVersion);
    }
  }

  private EnvironmentRows() {}

  /// One more than `limit`.
  ///
  /// @param seen keys; null for all
  static Mono<List<Environment>> page(
      Session session,
      TenantId tenant,
      UUID project,
      @Nullable List<String> seen,
      String after,
      int limit) {
    return session.all(
        PAGE,
        EnvironmentRows::environment,
        tenant.value(),
        project,
        after,
        limit + 1,
        Columns.texts(seen));
  }

  static Mono<Environment> find(Session session, TenantId tenant, UUID project, String key) {
    return session
        .one(FIND, EnvironmentRows::environment, tenant.value(), project, key)
        .switchIfEmpty(Mono.error(() -> LookupRows.noEnvironment(key)));
  }

  /// A new environment, at its first revision.
  static Mono<Environment> insert(
      Session session, Author author, UUID project, EnvironmentBody wanted) {
    return session.one(
        INSERT,
        EnvironmentRows::environment,
        author.tenant().value(),
        project,
        wanted.named().key(),
        wanted.named().name(),
        wanted.production(),
        Json.write(wanted.settings()),
        author.name());
  }

  static Mono<Environment> replace(
      Session session, TenantId tenant, EnvironmentId environment, EnvironmentBody wanted) {
    return session.one(
        REPLACE,
        EnvironmentRows::environment,
        tenant.value(),
        environment.value(),
        wanted.named().name(),
        wanted.production(),
        Json.write(wanted.settings()));
  }

  private static Environment environment(Readable row) {
    return new Environment(
        Columns.uuid(row, "project_id"),
        Columns.text(row, "key"),
        Columns.text(row, "name"),
        Columns.bool(row, "production"),
        Columns.json(row, "settings"),
        Columns.number(row, "revision"),
        Columns.number(row, "access_version"),
        Versioned.of(row));
  }
}
