package dev.stitchd.resource;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.IdempotencyRows.FirstAnswer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Creations that carry an `Idempotency-Key` happen once: for 24 hours the same key and body get
/// the first answer again, in the same transaction that would have created, as long as what was
/// created is still there. Secrets are never kept, so creating SDK keys takes no such key.
final class Idempotency {

  private Idempotency() {}

  /// Runs `work` unless this author already did the same under the same key.
  ///
  /// @param find what has a key now where it would be created; fails with [Problem.NotFound] if
  ///   nothing has, nor the place; null if nothing can be gone
  /// @param repeated told when the first answer is given again
  static Mono<Written> once(
      Session session,
      Author author,
      String route,
      JsonNode body,
      @Nullable Function<String, Mono<? extends Resource>> find,
      Supplier<Mono<Written>> work,
      Runnable repeated) {
    var key = author.idempotencyKey();
    if (key == null) {
      return Mono.defer(work);
    }
    var fingerprint = fingerprint(route, body);
    return IdempotencyRows.serialise(session, author, key)
        .then(Mono.defer(() -> IdempotencyRows.clearOld(session, author)))
        .then(Mono.defer(() -> IdempotencyRows.find(session, author, key)))
        .map(first -> replay(first, fingerprint))
        .filterWhen(written -> find == null ? Mono.just(true) : isThere(written.resource(), find))
        .doOnNext(_ -> repeated.run())
        .switchIfEmpty(
            Mono.defer(work)
                .delayUntil(written ->
                    IdempotencyRows.keep(session, author, key, answer(fingerprint, written))));
  }

  /// What has its key may have been made later.
  private static Mono<Boolean> isThere(
      ObjectNode made, Function<String, Mono<? extends Resource>> find) {
    return find.apply(made.path("key").asString())
        .map(found -> found.body().path("id").equals(made.path("id")))
        .onErrorResume(Problem.NotFound.class, _ -> Mono.just(false))
        .defaultIfEmpty(false);
  }

  private static Written replay(FirstAnswer first, byte[] fingerprint) {
    if (!Arrays.equals(first.fingerprint(), fingerprint)) {
      throw new Problem.Invalid(
          "idempotency-key-reused",
          "this Idempotency-Key was used for another request within the last 24 hours; use a new one",
          List.of());
    }
    var revisions = new TreeMap<String, Long>();
    first
        .answer()
        .get("revisions")
        .properties()
        .forEach(entry -> revisions.put(entry.getKey(), entry.getValue().longValue()));
    return new Written(
        (ObjectNode) first.answer().get("resource"),
        first.answer().get("version").longValue(),
        revisions);
  }

  private static FirstAnswer answer(byte[] fingerprint, Written written) {
    var answer = Json.object().put("version", written.version());
    answer.set("resource", written.resource());
    var revisions = answer.putObject("revisions");
    written.revisions().forEach(revisions::put);
    return new FirstAnswer(fingerprint, answer);
  }

  private static byte[] fingerprint(String route, JsonNode body) {
    try {
      return MessageDigest.getInstance("SHA-256")
          .digest((route + "\n" + Json.write(body)).getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
