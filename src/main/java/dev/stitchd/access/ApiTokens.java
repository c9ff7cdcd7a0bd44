package dev.stitchd.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// API tokens: the bootstrap token from the configuration, and those in PostgreSQL. What was found
/// is believed for a short while; what was not found is asked for again each time.
@Component
final class ApiTokens {

  private static final String DEFAULT_TENANT = "default";

  private final TokenStore store;
  private final Duration retryAfter;
  private final byte @Nullable [] bootstrap;
  private final Semaphore lookups;
  private final Cache<KeyHash, Actor> actors;
  private final Cache<String, TenantId> tenants;
  private final ConcurrentMap<KeyHash, Mono<Actor>> actorsUnderway = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, Mono<TenantId>> tenantsUnderway = new ConcurrentHashMap<>();

  @Autowired
  ApiTokens(TokenStore store, AccessSettings settings, InstallationSettings installation) {
    this(store, settings, installation, Ticker.systemTicker());
  }

  ApiTokens(
      TokenStore store, AccessSettings settings, InstallationSettings installation, Ticker ticker) {
    this.store = store;
    this.retryAfter = settings.retryAfter();
    this.lookups = new Semaphore(settings.tokenLookups());
    var token = installation.bootstrap().accepted();
    this.bootstrap = token == null ? null : SecretKeys.hash(token);
    this.actors = believed(settings, ticker);
    this.tenants = believed(settings, ticker);
  }

  /// The holder of a token, acting in a tenant. Fails with [Problem.Unauthenticated], or with
  /// [Problem.NotFound] for an unknown tenant, or with [Problem.Unavailable] while PostgreSQL is
  /// out and neither is remembered.
  Mono<ManagementCaller> holder(String token, @Nullable String tenantKey) {
    var key = tenantKey == null || tenantKey.isBlank() ? DEFAULT_TENANT : tenantKey.trim();
    return actor(token)
        .flatMap(actor -> tenant(key).map(tenant -> new ManagementCaller(tenant, actor, true)))
        .onErrorMap(failure -> !(failure instanceof Problem), this::unavailable);
  }

  private Mono<Actor> actor(String token) {
    var sha256 = SecretKeys.hash(token);
    if (bootstrap != null && MessageDigest.isEqual(bootstrap, sha256)) {
      return Mono.just(Actor.BOOTSTRAP_TOKEN);
    }
    if (!token.startsWith(SecretKeys.API_TOKEN)) {
      return Mono.error(unknown());
    }
    var hash = KeyHash.of(sha256);
    var known = actors.getIfPresent(hash);
    return known == null ? ask(hash) : Mono.just(known);
  }

  private Mono<Actor> ask(KeyHash hash) {
    return shared(actorsUnderway, hash, permitted(store.holder(hash)))
        .doOnNext(actor -> actors.put(hash, actor))
        .switchIfEmpty(Mono.error(ApiTokens::unknown));
  }

  /// Callers that ask the same at the same time share one answer, so that a burst of requests costs
  /// one look-up; it runs to its end even if all of them go.
  private static <K, T> Mono<T> shared(
      ConcurrentMap<K, Mono<T>> underway, K key, Mono<T> question) {
    return Mono.defer(() ->
        underway.computeIfAbsent(key, _ -> question.doFinally(_ -> underway.remove(key)).cache()));
  }

  private <T> Mono<T> permitted(Mono<T> question) {
    return Mono.usingWhen(
        Mono.fromCallable(this::permit),
        _ -> question,
        permit -> Mono.fromRunnable(permit::release));
  }

  private Semaphore permit() {
    if (!lookups.tryAcquire()) {
      throw new Problem.Unavailable("too many API tokens are being looked up", retryAfter);
    }
    return lookups;
  }

  private static Problem unknown() {
    return new Problem.Unauthenticated("the API token is not known");
  }

  private Mono<TenantId> tenant(String key) {
    var known = tenants.getIfPresent(key);
    return known != null
        ? Mono.just(known)
        : shared(tenantsUnderway, key, permitted(store.tenant(key)))
            .doOnNext(tenant -> tenants.put(key, tenant))
            .switchIfEmpty(
                Mono.error(() -> new Problem.NotFound("there is no tenant '" + key + "'")));
  }

  private Problem unavailable(Throwable failure) {
    return new Problem.Unavailable(
        "the API token cannot be checked right now", retryAfter, failure);
  }

  private static <K, V> Cache<K, V> believed(AccessSettings settings, Ticker ticker) {
    return Caffeine.newBuilder()
        .maximumSize(settings.tokens())
        .expireAfterWrite(settings.tokenTtl())
        .executor(Runnable::run)
        .ticker(ticker)
        .build();
  }
}
