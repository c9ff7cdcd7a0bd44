package dev.stitchd.people;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grants;
import dev.stitchd.permission.StoredGrants;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Resource;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.Versioned;
import io.r2dbc.spi.Readable;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// `users`, and the statements on it in a tenant.
final class UserRows {

  private static final String COLUMNS =
      "id, email, name, roles_version, created_at, last_login_at, second_factor IS NOT NULL AS has_second_factor, stitchd_grants(tenant_id, id, NULL)::text AS granted";
  private static final String PAGE =
      "SELECT "
          + COLUMNS
          + " FROM users WHERE tenant_id = $1 AND id::text > $2 ORDER BY id::text LIMIT $3";
  private static final String FIND =
      "SELECT " + COLUMNS + " FROM users WHERE tenant_id = $1 AND id = $2";
  private static final String HOLD =
      "SELECT id FROM users WHERE tenant_id = $1 ORDER BY id FOR UPDATE";
  private static final String INSERT =
      "INSERT INTO users (tenant_id, email, name, password, created_by) VALUES ($1, $2, $3, $4, $5) RETURNING id";
  private static final String REVISE =
      "UPDATE users SET roles_version = roles_version + 1 WHERE tenant_id = $1 AND id = $2";
  private static final String CLEAR_GRANTS =
      "DELETE FROM role_grants WHERE tenant_id = $1 AND user_id = $2";
  private static final String DELETE = "DELETE FROM users WHERE tenant_id = $1 AND id = $2";
  private static final String OTHER_OWNER =
      "SELECT 1 FROM role_grants WHERE tenant_id = $1 AND role = 'owner' AND user_id IS NOT NULL AND user_id <> $2 LIMIT 1";
  private static final String SIGNED_IN =
      "UPDATE users SET last_login_at = now() WHERE tenant_id = $1 AND id = $2";
  private static final String PASSWORD =
      "SELECT password FROM users WHERE tenant_id = $1 AND id = $2";
  private static final String SET_PASSWORD =
      "UPDATE users SET password = $3 WHERE tenant_id = $1 AND id = $2";

  /// A person with an account.
  ///
  /// @param rolesVersion rises with every change of the roles
  record User(
      UUID id,
      String email,
      String name,
      Grants grants,
      long rolesVersion,
      Instant createdAt,
      @Nullable Instant lastLoginAt,
      boolean hasSecondFactor)
      implements Resource {

    @Override
    public ObjectNode body() {
      var body = Json.object().put("id", id.toString()).put("email", email).put("name", name);
      body.set("roles", WantedRoles.json(grants));
      body.put("secondFactor", hasSecondFactor).put("createdAt", Versioned.timestamp(createdAt));
      if (lastLoginAt != null) {
        body.put("lastLoginAt", Versioned.timestamp(lastLoginAt));
      }
      return body;
    }

    @Override
    public long version() {
      return rolesVersion;
    }

    StoredResource stored() {
      return StoredResource.of(id.toString(), this);
    }
  }

  private UserRows() {}

  /// By id after `after`, one more than `limit`.
  static Mono<List<User>> page(Session session, TenantId tenant, String after, int limit) {
    return session.all(PAGE, UserRows::user, tenant.value(), after, limit + 1);
  }

  static Mono<User> find(Session session, TenantId tenant, UUID id) {
    return session.one(FIND, UserRows::user, tenant.value(), id);
  }

  /// All of a tenant's until the transaction ends, so that of two owners not both go at once.
  static Mono<List<UUID>> holdAll(Session session, TenantId tenant) {
    return session.all(HOLD, row -> Columns.uuid(row, "id"), tenant.value());
  }

  static Mono<UUID> insert(
      Session session,
      TenantId tenant,
      String email,
      String name,
      String password,
      String createdBy) {
    return session.one(
        INSERT, row -> Columns.uuid(row, "id"), tenant.value(), email, name, password, createdBy);
  }

  /// Takes all roles away, before others are given.
  static Mono<Void> clearGrants(Session session, TenantId tenant, UUID id) {
    return session
        .run(CLEAR_GRANTS, tenant.value(), id)
        .then(Mono.defer(() -> session.run(REVISE, tenant.value(), id)))
        .then();
  }

  static Mono<Long> delete(Session session, TenantId tenant, UUID id) {
    return session.run(DELETE, tenant.value(), id);
  }

  /// Whether somebody else is an owner of the tenant.
  static Mono<Boolean> hasOtherOwner(Session session, TenantId tenant, UUID id) {
    return session.any(OTHER_OWNER, tenant.value(), id);
  }

  static Mono<Long> signedIn(Session session, TenantId tenant, UUID id) {
    return session.run(SIGNED_IN, tenant.value(), id);
  }

  /// The hash of the password; empty if there is none.
  static Mono<String> password(Session session, TenantId tenant, UUID id) {
    return password(session, PASSWORD, tenant, id);
  }

  private static Mono<String> password(Session session, String sql, TenantId tenant, UUID id) {
    return session
        .one(sql, row -> Optional.ofNullable(row.get("password", String.class)), tenant.value(), id)
        .flatMap(Mono::justOrEmpty);
  }

  /// The same, and nobody replaces it until the transaction ends.
  static Mono<String> holdPassword(Session session, TenantId tenant, UUID id) {
    return password(session, PASSWORD + " FOR UPDATE", tenant, id);
  }

  static Mono<Long> setPassword(Session session, TenantId tenant, UUID id, String hash) {
    return session.run(SET_PASSWORD, tenant.value(), id, hash);
  }

  private static User user(Readable row) {
    return new User(
        Columns.uuid(row, "id"),
        Columns.text(row, "email"),
        Columns.text(row, "name"),
        StoredGrants.read(Columns.json(row, "granted")),
        Columns.number(row, "roles_version"),
        Columns.instant(row, "created_at"),
        Versioned.instantOrNull(row, "last_login_at"),
        Columns.bool(row, "has_second_factor"));
  }
}
