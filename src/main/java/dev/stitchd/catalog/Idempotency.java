package dev.stitchd.catalog;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Creations that carry an `Idempotency-Key` happen once: for 24 hours the same key and body get
/// the first answer again, in the same transaction that would have created. Secrets are never kept,
/// so creating SDK keys takes no such key.
@Component
final class Idempotency {

  /// Another transaction may be clearing away the same answers; nobody waits for that.
  private static final String CLEAR_OLD =
      """
      DELETE FROM idempotency_keys k USING (
        SELECT actor, key FROM idempotency_keys WHERE tenant_id = $1 AND created_at < now() - interval '24 hours'
         LIMIT 100 FOR UPDATE SKIP LOCKED) old
       WHERE k.tenant_id = $1 AND k.actor = old.actor AND k.key = old.key
      """;

  private static final String KEPT =
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

  private record Kept(byte[] fingerprint, JsonNode answer) {}

  /// Runs `work` unless this author already did the same under the same key.
  Mono<Written> once(
      Session session, Author author, String route, JsonNode body, Supplier<Mono<Written>> work) {
    var key = author.idempotencyKey();
    if (key == null) {
      return Mono.defer(work);
    }
    var fingerprint = fingerprint(route, body);
    return serialised(session, author, key)
        .then(kept(session, author, key))
        .map(kept -> replay(kept, fingerprint))
        .switchIfEmpty(
            Mono.defer(work)
                .flatMap(written ->
                    keep(session, author, key, fingerprint, written).thenReturn(written)));
  }

  /// Two requests with one key wait for each other here.
  private static Mono<Boolean> serialised(Session session, Author author, String key) {
    return session.one(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
        _ -> true,
        author.tenant() + " " + author.name() + " " + key);
  }

  private static Mono<Kept> kept(Session session, Author author, String key) {
    return session
        .run(CLEAR_OLD, author.tenant().value())
        .then(
            session.one(
                KEPT,
                row ->
                    new Kept(
                        bytes(row.get("fingerprint", ByteBuffer.class)),
                        Columns.json(row, "answer")),
                author.tenant().value(),
                author.name(),
                key));
  }

  private static Written replay(Kept kept, byte[] fingerprint) {
    if (!Arrays.equals(kept.fingerprint(), fingerprint)) {
      throw new Problem.Invalid(
          "idempotency-key-reused",
          "this Idempotency-Key was used for another request within the last 24 hours; use a new one",
          List.of());
    }
    var revisions = new TreeMap<String, Long>();
    kept.answer()
        .get("revisions")
        .properties()
        .forEach(entry -> revisions.put(entry.getKey(), entry.getValue().longValue()));
    return new Written(
        (ObjectNode) kept.answer().get("resource"),
        kept.answer().get("version").longValue(),
        revisions);
  }

  private static Mono<Long> keep(
      Session session, Author author, String key, byte[] fingerprint, Written written) {
    var answer = Json.object().put("version", written.version());
    answer.set("resource", written.resource());
    var revisions = answer.putObject("revisions");
    written.revisions().forEach(revisions::put);
    return session.run(
        KEEP,
        author.tenant().value(),
        author.name(),
        key,
        ByteBuffer.wrap(fingerprint),
        Json.write(answer));
  }

  private static byte[] fingerprint(String route, JsonNode body) {
    try {
      return MessageDigest.getInstance("SHA-256")
          .digest((route + "\n" + Json.write(body)).getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static byte[] bytes(@Nullable ByteBuffer buffer) {
    if (buffer == null) {
      return new byte[0];
    }
    var bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}
