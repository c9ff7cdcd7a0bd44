package dev.stitchd.access;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Transactions;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// API tokens and tenants in PostgreSQL.
@Component
final class TokenRows implements TokenStore {

  private static final String HOLDER = "SELECT id, name FROM api_tokens WHERE hash = $1";

  /// Only one node at a time may find that there is no token.
  private static final String ALONE =
      "SELECT pg_advisory_xact_lock(hashtext('stitchd first api token'))";

  private static final String ADD_FIRST =
      """
      INSERT INTO api_tokens (name, hash)
      SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM api_tokens)\
      """;

  private static final String TENANT = "SELECT id FROM tenants WHERE key = $1";

  private final Transactions transactions;

  TokenRows(Transactions transactions) {
    this.transactions = transactions;
  }

  @Override
  public Mono<Actor> holder(KeyHash hash) {
    return transactions.onPlatform(session ->
        session.one(
            HOLDER,
            row -> Actor.token(Columns.uuid(row, "id"), Columns.text(row, "name")),
            (Object) hash.bytes()));
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
