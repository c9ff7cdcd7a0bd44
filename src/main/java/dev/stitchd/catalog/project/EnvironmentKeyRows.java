package dev.stitchd.catalog.project;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.Resource;
import dev.stitchd.resource.Versioned;
import io.r2dbc.spi.Readable;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// `sdk_keys`, and the statements of those who manage them.
final class EnvironmentKeyRows {

  private static final String COLUMNS =
      "id, name, kind, version, created_at, created_by, created_at AS updated_at, revoked_at, last_used_at";
  private static final String PAGE =
      "SELECT "
          + COLUMNS
          + " FROM sdk_keys WHERE tenant_id = $1 AND environment_id = $2 AND id::text > $3 ORDER BY id::text LIMIT $4";
  private static final String FIND =
      "SELECT "
          + COLUMNS
          + " FROM sdk_keys WHERE tenant_id = $1 AND environment_id = $2 AND id = $3";
  private static final String HOLD_ALL =
      "SELECT "
          + COLUMNS
          + " FROM sdk_keys WHERE tenant_id = $1 AND environment_id = $2 FOR UPDATE";
  private static final String INSERT =
      "INSERT INTO sdk_keys (tenant_id, environment_id, name, kind, hash, created_by) VALUES ($1, $2, $3, $4, $5, $6) RETURNING "
          + COLUMNS;
  private static final String REVOKE =
      "UPDATE sdk_keys SET revoked_at = now(), version = version + 1 WHERE tenant_id = $1 AND id = $2 RETURNING "
          + COLUMNS;

  record Key(
      String name,
      String kind,
      @Nullable Instant revokedAt,
      @Nullable Instant lastUsedAt,
      Versioned meta)
      implements Resource {

    UUID id() {
      return meta.id();
    }

    boolean isActive() {
      return revokedAt == null;
    }

    @Override
    public ObjectNode body() {
      var body =
          Json.object()
              .put("id", meta.id().toString())
              .put("name", name)
              .put("kind", kind)
              .put("version", meta.version())
              .put("createdAt", Versioned.timestamp(meta.createdAt()))
              .put("createdBy", meta.createdBy());
      if (lastUsedAt != null) {
        body.put("lastUsedAt", Versioned.timestamp(lastUsedAt));
      }
      if (revokedAt != null) {
        body.put("revokedAt", Versioned.timestamp(revokedAt));
      }
      return body;
    }

    @Override
    public long version() {
      return meta.version();
    }
  }

  private EnvironmentKeyRows() {}

  /// One more than `limit`, revoked ones too.
  static Mono<List<Key>> page(
      Session session, TenantId tenant, UUID environment, String after, int limit) {
    return session.all(
        PAGE, EnvironmentKeyRows::key, tenant.value(), environment, after, limit + 1);
  }

  static Mono<Key> find(Session session, TenantId tenant, UUID environment, UUID id) {
    return session.one(FIND, EnvironmentKeyRows::key, tenant.value(), environment, id);
  }

  /// All keys of an environment, held until the transaction ends.
  static Mono<List<Key>> holdAll(Session session, TenantId tenant, EnvironmentId environment) {
    return session.all(HOLD_ALL, EnvironmentKeyRows::key, tenant.value(), environment.value());
  }

  static Mono<Key> insert(
      Session session,
      Author author,
      EnvironmentId environment,
      String name,
      String kind,
      byte[] hash) {
    return session.one(
        INSERT,
        EnvironmentKeyRows::key,
        author.tenant().value(),
        environment.value(),
        name,
        kind,
        ByteBuffer.wrap(hash),
        author.name());
  }

  static Mono<Key> revoke(Session session, TenantId tenant, UUID id) {
    return session.one(REVOKE, EnvironmentKeyRows::key, tenant.value(), id);
  }

  private static Key key(Readable row) {
    return new Key(
        Columns.text(row, "name"),
        Columns.text(row, "kind"),
        Versioned.instantOrNull(row, "revoked_at"),
        Versioned.instantOrNull(row, "last_used_at"),
        Versioned.of(row));
  }
}
