package dev.stitchd.access;

import dev.stitchd.kernel.TenantId;
import io.r2dbc.spi.ConnectionFactory;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/// API tokens and tenants in PostgreSQL.
@Component
final class TokenRows implements TokenStore {

  private static final String NAME = "SELECT name FROM api_tokens WHERE hash = $1";

  /// Only one node at a time may find that there is no token.
  private static final String ALONE =
      "SELECT pg_advisory_xact_lock(hashtext('stitchd first api token'))";

  private static final String ADD_FIRST =
      """
      INSERT INTO api_tokens (name, hash)
      SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM api_tokens)\
      """;

  private static final String AS_PLATFORM = "SELECT set_config('stitchd.platform', 'on', true)";

  private static final String TENANT = "SELECT id FROM tenants WHERE key = $1";

  private final DatabaseClient database;
  private final TransactionalOperator transaction;

  TokenRows(@Qualifier("management") ConnectionFactory management) {
    database = DatabaseClient.create(management);
    transaction = TransactionalOperator.create(new R2dbcTransactionManager(management));
  }

  @Override
  public Mono<String> nameOf(KeyHash hash) {
    return asPlatform()
        .then(database.sql(NAME).bind(0, hash.bytes()).mapValue(String.class).one())
        .as(transaction::transactional);
  }

  @Override
  public Mono<Boolean> addFirst(String name, KeyHash hash) {
    return asPlatform()
        .then(database.sql(ALONE).fetch().rowsUpdated())
        .then(database.sql(ADD_FIRST).bind(0, name).bind(1, hash.bytes()).fetch().rowsUpdated())
        .map(added -> added == 1)
        .as(transaction::transactional);
  }

  @Override
  public Mono<TenantId> tenant(String key) {
    return asPlatform()
        .then(database.sql(TENANT).bind(0, key).mapValue(UUID.class).one())
        .map(TenantId::new)
        .as(transaction::transactional);
  }

  /// Row-level security shows tokens and tenants to the platform only.
  private Mono<Long> asPlatform() {
    return database.sql(AS_PLATFORM).fetch().rowsUpdated();
  }
}
