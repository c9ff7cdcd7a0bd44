package dev.stitchd.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.stitchd.access.TokenStore.TokenHolder;
import dev.stitchd.boundary.Bulkhead;
import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// API tokens: the bootstrap token from the configuration, and those in PostgreSQL; and sessions.
/// What was found is believed for a short while; what was not found is asked for again each time.
@Component
final class ApiTokens {

  private static final String DEFAULT_TENANT = "default";
  private static final String UNKNOWN = "the API token is not known";
  private static final String ENDED = "the session has ended; sign in again";

  private final TokenStore store;
  private final Clock clock;
  private final Duration retryAfter;
  private final byte @Nullable [] bootstrap;
  private final Cache<KeyHash, TokenHolder> holders;
  private final Cache<String, TenantId> tenants;
  private final ConcurrentMap<KeyHash, Mono<TokenHolder>> holdersUnderway =
      new ConcurrentHashMap<>();
  private final ConcurrentMap<String, Mono<TenantId>> tenantsUnderway = new ConcurrentHashMap<>();
  private final Bulkhead honest;
  private final Bulkhead suspected;
  private final Bulkhead ofTenants;
  private final WrongTokens wrong;

  @Autowired
  ApiTokens(
      TokenStore store, AccessSettings settings, InstallationSettings installation, Clock clock) {
    this(store, settings, installation, clock, Ticker.systemTicker());
  }

  ApiTokens(
      TokenStore store,
      AccessSettings settings,
      InstallationSettings installation,
      Clock clock,
      Ticker ticker) {
    this.store = store;
    this.clock = clock;
    this.retryAfter = settings.retryAfter();
    var token = installation.bootstrap().accepted();
    this.bootstrap = token == null ? null : SecretKeys.hash(token);
    this.holders = believed(settings, ticker);
    this.tenants = believed(settings, ticker);
    this.honest = share(settings);
    this.suspected = share(settings);
    this.ofTenants = share(settings);
    this.wrong = new WrongTokens(settings.wrongTokens(), ticker);
  }

  /// The holder of a token, acting in a tenant. Fails with [Problem.Unauthenticated] for a wrong
  /// token, or with [Problem.TooMany] if many came from that address; with [Problem.NotFound] for a
  /// tenant that is not there, or not the token's; with [Problem.Unavailable] while PostgreSQL is
  /// out and neither is remembered.
  ///
  /// @param tenantKey null for the token's own
  /// @param address where the request comes from
  Mono<ManagementCaller> holder(String token, @Nullable String tenantKey, String address) {
    return in(holder(token, address), tenantKey);
  }

  /// Whose session a cookie is of, likewise.
  Mono<ManagementCaller> session(String cookie, @Nullable String tenantKey, String address) {
    var holder =
        cookie.startsWith(SecretKeys.SESSION)
            ? known(cookie, address, store::session, ENDED)
            : Mono.<TokenHolder>error(() -> wrong(address, ENDED));
    return in(holder, tenantKey);
  }

  private Mono<ManagementCaller> in(Mono<TokenHolder> found, @Nullable String tenantKey) {
    var key = tenantKey == null || tenantKey.isBlank() ? null : tenantKey.trim();
    return found
        .flatMap(holder -> in(holder, key))
        .onErrorMap(failure -> !(failure instanceof Problem), this::unavailable);
  }

  private Mono<ManagementCaller> in(TokenHolder holder, @Nullable String key) {
    var home = holder.tenant();
    if (home != null && holder.isAtHome(key)) {
      return Mono.just(holder.in(home.id()));
    }
    return holder.grants().platform()
        ? tenant(key == null ? DEFAULT_TENANT : key).map(holder::in)
        : Mono.error(() -> noTenant(String.valueOf(key)));
  }

  private Mono<TokenHolder> holder(String token, String address) {
    if (bootstrap != null && MessageDigest.isEqual(bootstrap, SecretKeys.hash(token))) {
      return Mono.just(TokenHolder.ofPlatform(Actor.BOOTSTRAP_TOKEN));
    }
    return token.startsWith(SecretKeys.API_TOKEN)
        ? known(token, address, store::holder, UNKNOWN)
        : Mono.error(() -> wrong(address, UNKNOWN));
  }

  /// Whoever sent wrong secrets lately asks beside others who did, so that guessing keeps nobody
  /// else from PostgreSQL; a right one is found there too.
  private Mono<TokenHolder> known(
      String secret,
      String address,
      Function<KeyHash, Mono<TokenHolder>> question,
      String otherwise) {
    var hash = KeyHash.of(secret);
    var share = wrong.any(address) ? suspected : honest;
    return Mono.justOrEmpty(holders.getIfPresent(hash))
        .switchIfEmpty(
            Mono.defer(() -> shared(holdersUnderway, hash, share.run(question.apply(hash))))
                .doOnNext(holder -> holders.put(hash, holder)))
        .filter(holder -> !holder.isExpired(clock.instant()))
        .switchIfEmpty(Mono.error(() -> wrong(address, otherwise)));
  }

  /// Callers that ask the same at the same time share one answer, so that a burst of requests costs
  /// one look-up; it runs to its end even if all of them go.
  private static <K, T> Mono<T> shared(
      ConcurrentMap<K, Mono<T>> underway, K key, Mono<T> question) {
    return Mono.defer(() ->
        underway.computeIfAbsent(key, _ -> question.doFinally(_ -> underway.remove(key)).cache()));
  }

  private Problem wrong(String address, String detail) {
    return wrong.tooMany(address)
        ? new Problem.TooMany(
            "too many wrong API tokens came from this address; a right one is still taken",
            WrongTokens.MINUTE)
        : new Problem.Unauthenticated(detail);
  }

  private Mono<TenantId> tenant(String key) {
    var known = tenants.getIfPresent(key);
    return known != null
        ? Mono.just(known)
        : shared(tenantsUnderway, key, ofTenants.run(store.tenant(key)))
            .doOnNext(tenant -> tenants.put(key, tenant))
            .switchIfEmpty(Mono.error(() -> noTenant(key)));
  }

  private static Problem noTenant(String key) {
    return new Problem.NotFound("there is no tenant '" + key + "'");
  }

  private Problem unavailable(Throwable failure) {
    return new Problem.Unavailable(
        "the API token cannot be checked right now", retryAfter, failure);
  }

  private static Bulkhead share(AccessSettings settings) {
    return new Bulkhead(
        settings.tokenLookups(),
        settings.tokenWaits(),
        settings.lookupTimeout(),
        () ->
            new Problem.Unavailable(
                "too many API tokens are being looked up", settings.retryAfter()));
  }

  private static <K, V> Cache<K, V> believed(AccessSettings settings, Ticker ticker) {
    return Caffeine.newBuilder()
        .maximumSize(settings.tokens())
        .expireAfterWrite(settings.tokenTtl())
        .executor(Runnable::run)
        .ticker(ticker)
        .build();
  }

  /// How many wrong API tokens came from an address within a minute, on this node. Safe from any
  /// thread.
  private static final class WrongTokens {

    /// What they are counted over.
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private static final int ADDRESSES = 10_000;

    private final Cache<String, AtomicInteger> counts;
    private final int most;

    WrongTokens(int most, Ticker ticker) {
      this.most = most;
      this.counts =
          Caffeine.newBuilder()
              .maximumSize(ADDRESSES)
              .expireAfterWrite(MINUTE)
              .executor(Runnable::run)
              .ticker(ticker)
              .build();
    }

    /// Counts one; whether that address has reached the limit.
    boolean tooMany(String address) {
      return counts.get(address, _ -> new AtomicInteger()).incrementAndGet() >= most;
    }

    /// Whether any came from there lately.
    boolean any(String address) {
      return counts.getIfPresent(address) != null;
    }
  }
}
