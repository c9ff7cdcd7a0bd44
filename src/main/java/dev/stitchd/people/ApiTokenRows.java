package dev.stitchd.people;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grants;
import dev.stitchd.permission.StoredGrants;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.Resource;
import dev.stitchd.resource.Versioned;
import io.r2dbc.spi.Readable;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// `api_tokens`, and the statements of those who manage them in a tenant.
final class ApiTokenRows {

  private static final String COLUMNS =
      "id, name, user_id, made_by, created_at, created_by, expires_at, last_used_at, stitchd_grants(tenant_id, NULL, id)::text AS granted";
  private static final String PAGE =
      "SELECT "
          + COLUMNS
          + " FROM api_tokens WHERE tenant_id = $1 AND id::text > $2 AND ($3::uuid IS NULL OR id = $3::uuid OR user_id = $3::uuid OR made_by = $3::uuid) ORDER BY id::text LIMIT $4";
  private static final String FIND =
      "SELECT " + COLUMNS + " FROM api_tokens WHERE tenant_id = $1 AND id = $2";
  private static final String COUNT =
      "SELECT count(*) AS tokens FROM api_tokens WHERE tenant_id = $1";
  private static final String INSERT =
      """
      INSERT INTO api_tokens (tenant_id, name, hash, user_id, created_by, expires_at, made_by)
      SELECT $1, $2, $3, $4::uuid, $5, $6::timestamptz, (SELECT m.id FROM api_tokens m WHERE m.tenant_id = $1 AND m.id = $7::uuid) RETURNING id\
      """;
  private static final String DELETE = "DELETE FROM api_tokens WHERE tenant_id = $1 AND id = $2";

  /// A token of a tenant, without its secret.
  ///
  /// @param user whose it is; null if another token made it that is nobody's
  /// @param madeBy the token that made it, with which it ends; null if none did
  record ApiToken(
      UUID id,
      String name,
      @Nullable UUID user,
      @Nullable UUID madeBy,
      Instant createdAt,
      String createdBy,
      @Nullable Instant expiresAt,
      @Nullable Instant lastUsedAt,
      Grants grants)
      implements Resource {

    @Override
    public ObjectNode body() {
      var body = Json.object().put("id", id.toString()).put("name", name);
      body.set("roles", WantedRoles.json(grants));
      if (user != null) {
        body.put("user", user.toString());
      }
      body.put("createdAt", Versioned.timestamp(createdAt)).put("createdBy", createdBy);
      if (expiresAt != null) {
        body.put("expiresAt", Versioned.timestamp(expiresAt));
      }
      if (lastUsedAt != null) {
        body.put("lastUsedAt", Versioned.timestamp(lastUsedAt));
      }
      return body;
    }

    /// Tokens are made and deleted, never changed.
    @Override
    public long version() {
      return 1;
    }
  }

  private ApiTokenRows() {}

  /// By id after `after`, one more than `limit`.
  ///
  /// @param of a user or a token, to find theirs only; null for all
  static Mono<List<ApiToken>> page(
      Session session, TenantId tenant, @Nullable UUID of, String after, int limit) {
    return session.all(PAGE, ApiTokenRows::token, tenant.value(), after, of, limit + 1);
  }

  static Mono<ApiToken> find(Session session, TenantId tenant, UUID id) {
    return session.one(FIND, ApiTokenRows::token, tenant.value(), id);
  }

  static Mono<Long> count(Session session, TenantId tenant) {
    return session.one(COUNT, row -> Columns.number(row, "tokens"), tenant.value());
  }

  static Mono<UUID> insert(
      Session session,
      Author author,
      String name,
      byte[] hash,
      @Nullable UUID user,
      @Nullable Instant expiresAt) {
    return session.one(
        INSERT,
        row -> Columns.uuid(row, "id"),
        author.tenant().value(),
        name,
        ByteBuffer.wrap(hash),
        user,
        author.name(),
        expiresAt == null ? null : OffsetDateTime.ofInstant(expiresAt, ZoneOffset.UTC),
        author.actor().kind() == Actor.Kind.TOKEN ? author.actor().id() : null);
  }

  static Mono<Long> delete(Session session, TenantId tenant, UUID id) {
    return session.run(DELETE, tenant.value(), id);
  }

  private static ApiToken token(Readable row) {
    return new ApiToken(
        Columns.uuid(row, "id"),
        Columns.text(row, "name"),
        row.get("user_id", UUID.class),
        row.get("made_by", UUID.class),
        Columns.instant(row, "created_at"),
        Columns.text(row, "created_by"),
        Versioned.instantOrNull(row, "expires_at"),
        Versioned.instantOrNull(row, "last_used_at"),
        StoredGrants.read(Columns.json(row, "granted")));
  }
}
