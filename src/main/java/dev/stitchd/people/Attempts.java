package dev.stitchd.people;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stitchd.access.SecretKeys;
import dev.stitchd.boundary.Bulkhead;
import dev.stitchd.kernel.Problem;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Limits guesses of passwords, over all nodes: an attempt counts before it is known to be wrong,
/// and no more once it was right. E-mail addresses are kept as hashes, since people type passwords
/// there.
@Component
final class Attempts {

  private static final String ADDRESS = "address";
  private static final String ACCOUNT = "account";
  private static final int REMEMBERED = 10_000;
  private static final long REMEMBERED_SECONDS = 2;
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

  /// An attempt that was counted.
  ///
  /// @param refusedBy the limit that it was over; null if it may be made
  private record Begun(long attempt, @Nullable String refusedBy, long secondsLeft) {}

  private final Transactions transactions;
  private final SignInSettings settings;

  /// Few attempts ask PostgreSQL at the same time: those from one address wait for each other
  /// there, and must not keep the connections of everybody else meanwhile.
  private final Bulkhead turns;

  /// Until when what is refused is refused without asking.
  private final Cache<String, Instant> refused;

  private final Clock clock;

  Attempts(Transactions transactions, SignInSettings settings, Clock clock) {
    this.transactions = transactions;
    this.settings = settings;
    this.clock = clock;
    this.turns =
        new Bulkhead(
            settings.counting(),
            settings.hashesWaiting(),
            LONGEST_WAIT,
            () -> new Problem.Unavailable("too many people are signing in", LONGEST_WAIT));
    this.refused =
        Caffeine.newBuilder()
            .maximumSize(REMEMBERED)
            .expireAfterWrite(settings.wrongWindow())
            .executor(Runnable::run)
            .build();
  }

  /// Tries something of an account. It counts as wrong for good if it fails as a guess does, with
  /// [Problem.Unauthenticated], [Problem.Forbidden] or [Problem.NotFound], or nobody waits for what
  /// comes of it. Fails with [Problem.TooMany] if there were too many of those.
  <T> Mono<T> counted(String account, String address, Mono<T> tried) {
    return begin(account, address)
        .flatMap(attempt ->
            tried
                .delayUntil(_ -> right(attempt))
                .onErrorResume(failure ->
                    isWrong(failure)
                        ? Mono.error(failure)
                        : right(attempt).onErrorComplete().then(Mono.error(failure))));
  }

  private static boolean isWrong(Throwable failure) {
    return failure instanceof Problem.NotFound
        || failure instanceof Problem.Forbidden
        || failure instanceof Problem.Unauthenticated refused
            && !refused.code().equals(Problem.Unauthenticated.secondFactorRequired().code());
  }

  private Mono<Long> begin(String account, String address) {
    var key = account.toLowerCase(Locale.ROOT);
    var until = until(address, key);
    if (until != null) {
      return Mono.error(tooMany(Duration.between(clock.instant(), until).toSeconds()));
    }
    var hash = SecretKeys.hash(key);
    return turns
        .run(transactions.onPlatform(session -> begin(session, hash, address)))
        .flatMap(begun -> {
          if (begun.refusedBy() == null) {
            return Mono.just(begun.attempt());
          }
          refuse(begun.refusedBy().equals(ADDRESS) ? address : address + " " + key, begun);
          return Mono.error(tooMany(begun.secondsLeft()));
        });
  }

  private Mono<Begun> begin(Session session, byte[] hash, String address) {
    return SignInRows.attempt(session, hash, address)
        .flatMap(attempt ->
            SignInRows.count(session, hash, address, settings.wrongWindow())
                .flatMap(counted -> {
                  var by = refusedBy(counted);
                  var begun = new Begun(attempt, by, counted.secondsLeft());
                  return by == null
                      ? Mono.just(begun)
                      : SignInRows.forget(session, attempt).thenReturn(begun);
                }));
  }

  private @Nullable String refusedBy(SignInRows.Counted counted) {
    if (counted.ofAddress() > settings.wrongPerAddress()) {
      return ADDRESS;
    }
    return counted.ofAccount() > settings.wrongPerAccount() ? ACCOUNT : null;
  }

  /// For a moment only: a right attempt that is under way counts too.
  private void refuse(String what, Begun begun) {
    var seconds = Math.min(begun.secondsLeft(), REMEMBERED_SECONDS);
    refused.put(what, clock.instant().plusSeconds(seconds));
  }

  private @Nullable Instant until(String address, String account) {
    var now = clock.instant();
    for (var what : List.of(address, address + " " + account)) {
      var until = refused.getIfPresent(what);
      if (until != null && until.isAfter(now)) {
        return until;
      }
    }
    return null;
  }

  private Mono<Void> right(long attempt) {
    return transactions
        .onPlatform(session ->
            SignInRows.forget(session, attempt)
                .then(Mono.defer(() -> SignInRows.forgetOld(session, settings.wrongWindow()))))
        .then();
  }

  private static Problem tooMany(long wait) {
    return new Problem.TooMany(
        "too many wrong attempts to sign in; try again later",
        Duration.ofSeconds(Math.max(1, wait)));
  }
}
