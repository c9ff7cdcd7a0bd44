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
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// `account_links`: invitations, and links that set a new password.
final class AccountLinkRows {

  private static final String COLUMNS =
      "id, email, user_id, roles::text AS roles, created_at, created_by, expires_at";
  private static final String PAGE =
      "SELECT "
          + COLUMNS
          + " FROM account_links WHERE tenant_id = $1 AND user_id IS NULL AND expires_at > now() AND id::text > $2 ORDER BY id::text LIMIT $3";
  private static final String INSERT =
      "INSERT INTO account_links (tenant_id, hash, email, user_id, roles, created_by, expires_at) VALUES ($1, $2, $3, $4::uuid, $5::jsonb, $6, now() + make_interval(secs => $7)) RETURNING "
          + COLUMNS;
  private static final String DELETE =
      "DELETE FROM account_links WHERE tenant_id = $1 AND id = $2 AND expires_at > now() RETURNING "
          + COLUMNS;
  private static final String DELETE_OTHERS =
      "DELETE FROM account_links WHERE tenant_id = $1 AND lower(email) = lower($2) AND user_id IS NOT DISTINCT FROM $3::uuid";
  private static final String END_ALL =
      "DELETE FROM account_links WHERE tenant_id = $1 AND (user_id = $2 OR user_id IS NULL AND created_by = $3)";
  private static final String HOME = "SELECT tenant_id, id, user_id FROM stitchd_account_link($1)";

  /// A link that lets somebody in once, without its token.
  ///
  /// @param user whose password it sets; null for an invitation
  record AccountLink(
      UUID id,
      String email,
      @Nullable UUID user,
      Grants grants,
      Instant createdAt,
      String createdBy,
      Instant expiresAt)
      implements Resource {

    @Override
    public ObjectNode body() {
      var body = Json.object().put("id", id.toString()).put("email", email);
      if (user == null) {
        body.set("roles", WantedRoles.json(grants));
      }
      return body.put("createdAt", Versioned.timestamp(createdAt))
          .put("createdBy", createdBy)
          .put("expiresAt", Versioned.timestamp(expiresAt));
    }

    /// Links are made and used, never changed.
    @Override
    public long version() {
      return 1;
    }

    StoredResource stored() {
      return StoredResource.of(id.toString(), this);
    }
  }

  /// Where a link leads.
  ///
  /// @param user whose password it sets; null for an invitation
  record Home(TenantId tenant, UUID id, @Nullable UUID user) {}

  private AccountLinkRows() {}

  /// Invitations that can still be accepted, by id after `after`, one more than `limit`.
  static Mono<List<AccountLink>> page(Session session, TenantId tenant, String after, int limit) {
    return session.all(PAGE, AccountLinkRows::link, tenant.value(), after, limit + 1);
  }

  /// A new link; others of the same kind for the same person end.
  ///
  /// @param user whose password it sets; null for an invitation
  static Mono<AccountLink> insert(
      Session session,
      TenantId tenant,
      byte[] hash,
      String email,
      @Nullable UUID user,
      Grants grants,
      String createdBy,
      Duration valid) {
    return session
        .run(DELETE_OTHERS, tenant.value(), email, user)
        .then(
            Mono.defer(() ->
                session.one(
                    INSERT,
                    AccountLinkRows::link,
                    tenant.value(),
                    ByteBuffer.wrap(hash),
                    email,
                    user,
                    Json.write(WantedRoles.json(grants)),
                    createdBy,
                    valid.toMillis() / 1_000.0)));
  }

  /// Uses a link up, or takes it back; empty if it is not there, or has ended.
  static Mono<AccountLink> delete(Session session, TenantId tenant, UUID id) {
    return session.one(DELETE, AccountLinkRows::link, tenant.value(), id);
  }

  /// Ends links that set a person's password, and invitations that they made.
  ///
  /// @param email of the person
  static Mono<Long> endAll(Session session, TenantId tenant, UUID user, String email) {
    return session.run(END_ALL, tenant.value(), user, email);
  }

  /// Where a link leads, in whatever tenant; asked on the platform.
  static Mono<Home> home(Session session, byte[] hash) {
    return session.one(
        HOME,
        row ->
            new Home(
                new TenantId(Columns.uuid(row, "tenant_id")),
                Columns.uuid(row, "id"),
                row.get("user_id", UUID.class)),
        ByteBuffer.wrap(hash));
  }

  private static AccountLink link(Readable row) {
    return new AccountLink(
        Columns.uuid(row, "id"),
        Columns.text(row, "email"),
        row.get("user_id", UUID.class),
        StoredGrants.read(Columns.json(row, "roles")),
        Columns.instant(row, "created_at"),
        Columns.text(row, "created_by"),
        Columns.instant(row, "expires_at"));
  }
}
