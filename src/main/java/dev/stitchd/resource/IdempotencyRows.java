package dev.stitchd.resource;

import dev.stitchd.kernel.Json;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import io.r2dbc.spi.Readable;
import java.nio.ByteBuffer;
import java.util.Objects;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// The first answers that creations with an idempotency key got, for 24 hours.
final class IdempotencyRows {

  private static final String SERIALISE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

  /// Another transaction may be clearing away the same answers; nobody waits for that.
  private static final String CLEAR_OLD =
      """
      DELETE FROM idempotency_keys k USING (
        SELECT actor, key FROM idempotency_keys WHERE tenant_id = $1 AND created_at < now() - interval '24 hours'
         LIMIT 100 FOR UPDATE SKIP LOCKED) old
       WHERE k.tenant_id = $1 AND k.actor = old.actor AND k.key = old.key
      """;

  private static final String FIND =
      """
      SELECT fingerprint, answer::text AS answer FROM idempotency_keys
       WHERE tenant_id = $1 AND actor = $2 AND key = $3 AND created_at >= now() - interval '24 hours'
      """;
  private static final String KEEP =
      """
      INSERT INTO idempotency_keys (tenant_id, actor, key, fingerprint, answer) VALUES ($1, $2, $3, $4, $5::json)
      ON CONFLICT (tenant_id, actor, key) DO UPDATE
        SET fingerprint = excluded.fingerprint, answer = excluded.answer, created_at = now()
      """;

  /// @param fingerprint of the request that got it
  record FirstAnswer(byte[] fingerprint, JsonNode answer) {}

  private IdempotencyRows() {}

  /// Two requests with one key wait for each other here.
  static Mono<Boolean> serialise(Session session, Author author, String key) {
    return session.one(
        SERIALISE, _ -> true, author.tenant() + " " + author.actor().identity() + " " + key);
  }

  static Mono<Long> clearOld(Session session, Author author) {
    return session.run(CLEAR_OLD, author.tenant().value());
  }

  static Mono<FirstAnswer> find(Session session, Author author, String key) {
    return session.one(
        FIND,
        IdempotencyRows::firstAnswer,
        author.tenant().value(),
        author.actor().identity(),
        key);
  }

  static Mono<Long> keep(Session session, Author author, String key, FirstAnswer first) {
    return session.run(
        KEEP,
        author.tenant().value(),
        author.actor().identity(),
        key,
        ByteBuffer.wrap(first.fingerprint()),
        Json.write(first.answer()));
  }

  private static FirstAnswer firstAnswer(Readable row) {
    var buffer = Objects.requireNonNull(row.get("fingerprint", ByteBuffer.class), "fingerprint");
    var fingerprint = new byte[buffer.remaining()];
    buffer.get(fingerprint);
    return new FirstAnswer(fingerprint, Columns.json(row, "answer"));
  }
}
