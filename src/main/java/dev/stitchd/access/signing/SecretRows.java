package dev.stitchd.access.signing;

import dev.stitchd.postgres.Transactions;
import io.r2dbc.spi.Readable;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// The installation's secret in PostgreSQL, which shows it to the platform only.
@Component
public final class SecretRows implements SecretStore {

  private static final String SECRET = "SELECT secret FROM installation_secret";

  private final Transactions transactions;

  /// Makes it on these transactions.
  public SecretRows(Transactions transactions) {
    this.transactions = transactions;
  }

  @Override
  public Mono<byte[]> secret() {
    return transactions.onPlatform(session -> session.one(SECRET, SecretRows::secretOf));
  }

  private static byte[] secretOf(Readable row) {
    return bytes(Objects.requireNonNull(row.get("secret", ByteBuffer.class)));
  }

  private static byte[] bytes(ByteBuffer column) {
    var bytes = new byte[column.remaining()];
    column.get(bytes);
    return bytes;
  }
}
