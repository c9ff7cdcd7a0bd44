package dev.stitchd.access;

import io.r2dbc.spi.ConnectionFactory;
import java.nio.ByteBuffer;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.r2dbc.connection.R2dbcTransactionManager;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.reactive.TransactionalOperator;
import reactor.core.publisher.Mono;

/// The installation's secret in PostgreSQL, which shows it to the platform only.
@Component
final class SecretRows implements SecretStore {

  private static final String AS_PLATFORM = "SELECT set_config('stitchd.platform', 'on', true)";

  private static final String SECRET = "SELECT secret FROM installation_secret";

  private final DatabaseClient database;
  private final TransactionalOperator transaction;

  SecretRows(@Qualifier("management") ConnectionFactory management) {
    database = DatabaseClient.create(management);
    transaction = TransactionalOperator.create(new R2dbcTransactionManager(management));
  }

  @Override
  public Mono<byte[]> secret() {
    return database
        .sql(AS_PLATFORM)
        .fetch()
        .rowsUpdated()
        .then(database.sql(SECRET).mapValue(ByteBuffer.class).one())
        .map(SecretRows::bytes)
        .as(transaction::transactional);
  }

  private static byte[] bytes(ByteBuffer column) {
    var bytes = new byte[column.remaining()];
    column.get(bytes);
    return bytes;
  }
}
