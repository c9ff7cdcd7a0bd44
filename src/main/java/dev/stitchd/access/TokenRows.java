package dev.stitchd.access;

import dev.stitchd.access.TokenStore.TokenHolder;
import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grants;
import dev.stitchd.permission.StoredGrants;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Transactions;
import io.r2dbc.spi.Readable;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// API tokens and tenants in PostgreSQL.
@Component
final class TokenRows implements TokenStore {

  private static final String HOLDER =
      "SELECT id, name, tenant_id, tenant, user_id, expires_at, granted::text AS granted, of_user::text AS of_user FROM stitchd_api_token($1)";

  private static final String SESSION =
      "SELECT tenant_id, tenant, user_id, email, ends_at, granted::text AS granted FROM stitchd_session($1)";

  /// Only one node at a time may find that there is no token.
  private static final String ALONE =
      "SELECT pg_advisory_xact_lock(hashtext('stitchd first api token'))";

  private static final String ADD_FIRST =
      """
      INSERT INTO api_tokens (name, hash)
      SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM api_tokens WHERE tenant_id IS NULL) AND NOT stitchd_any_account()\
      """;

  private static final String TENANT = "SELECT id FROM tenants WHERE key = $1";

  private final Transactions transactions;

  TokenRows(Transactions transactions) {
    this.transactions = transactions;
  }

  @Override
  public Mono<TokenHolder> holder(KeyHash hash) {
    return transactions.onPlatform(
        session -> session.one(HOLDER, TokenRows::holder, (Object) hash.bytes()));
  }

  @Override
  public Mono<TokenHolder> session(KeyHash hash) {
    return transactions.onPlatform(
        session -> session.one(SESSION, TokenRows::session, (Object) hash.bytes()));
  }

  private static TokenHolder session(Readable row) {
    var user = Columns.uuid(row, "user_id");
    return new TokenHolder(
        Actor.user(user, Columns.text(row, "email")),
        home(row, Columns.uuid(row, "tenant_id")),
        grants(Columns.text(row, "granted")),
        user,
        Columns.instant(row, "ends_at"));
  }

  private static TokenHolder.Home home(Readable row, UUID tenant) {
    return new TokenHolder.Home(new TenantId(tenant), Columns.text(row, "tenant"));
  }

  /// A token that a person made may do what is left of its roles within that person's.
  private static TokenHolder holder(Readable row) {
    var actor = Actor.token(Columns.uuid(row, "id"), Columns.text(row, "name"));
    var tenant = row.get("tenant_id", UUID.class);
    if (tenant == null) {
      return TokenHolder.ofPlatform(actor);
    }
    var granted = grants(Columns.text(row, "granted"));
    var ofUser = row.get("of_user", String.class);
    var expiresAt = row.get("expires_at", OffsetDateTime.class);
    return new TokenHolder(
        actor,
        home(row, tenant),
        ofUser == null ? granted : granted.within(grants(ofUser)),
        row.get("user_id", UUID.class),
        expiresAt == null ? null : expiresAt.toInstant());
  }

  private static Grants grants(String json) {
    return StoredGrants.read(Json.parseOwn(json));
  }

  @Override
  public Mono<Boolean> addFirst(String name, KeyHash hash) {
    return transactions.onPlatform(session ->
        session
            .run(ALONE)
            .then(session.run(ADD_FIRST, name, hash.bytes()))
            .map(added -> added == 1));
  }

  @Override
  public Mono<TenantId> tenant(String key) {
    return transactions
        .onPlatform(session -> session.one(TENANT, row -> Columns.uuid(row, "id"), key))
        .map(TenantId::new);
  }
}
