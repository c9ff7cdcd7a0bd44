package dev.stitchd.people;

import dev.stitchd.kernel.Problem;
import dev.stitchd.postgres.Transactions;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Locale;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Limits guesses of passwords, over all nodes: an attempt counts before it is known to be wrong,
/// and no more once it was right. E-mail addresses are kept as hashes, since people type passwords
/// there.
@Component
final class Attempts {

  private final Transactions transactions;
  private final SignInSettings settings;

  Attempts(Transactions transactions, SignInSettings settings) {
    this.transactions = transactions;
    this.settings = settings;
  }

  /// Begins an attempt on an account; its number. Fails with [Problem.TooMany] if there were too
  /// many.
  Mono<Long> begin(String account, String address) {
    var hash = hash(account.toLowerCase(Locale.ROOT));
    return transactions
        .onPlatform(session ->
            SignInRows.attempt(session, hash, address)
                .flatMap(attempt ->
                    SignInRows.count(session, hash, address, settings.wrongWindow())
                        .flatMap(counted ->
                            isTooMany(counted)
                                ? SignInRows.forget(session, attempt)
                                    .thenReturn(-counted.secondsLeft())
                                : Mono.just(attempt))))
        .flatMap(attempt -> attempt > 0 ? Mono.just(attempt) : Mono.error(tooMany(-attempt)));
  }

  /// Tries something of an account: counts for good unless it emits.
  <T> Mono<T> counted(String account, String address, Mono<T> tried) {
    return begin(account, address).flatMap(attempt -> tried.delayUntil(_ -> right(attempt)));
  }

  /// The attempt was right, so it counts no more.
  Mono<Void> right(long attempt) {
    return transactions
        .onPlatform(session ->
            SignInRows.forget(session, attempt)
                .then(Mono.defer(() -> SignInRows.forgetOld(session, settings.wrongWindow()))))
        .then();
  }

  private boolean isTooMany(SignInRows.Counted counted) {
    return counted.ofAccount() > settings.wrongPerAccount()
        || counted.ofAddress() > settings.wrongPerAddress();
  }

  private static Problem tooMany(long wait) {
    return new Problem.TooMany(
        "too many wrong attempts to sign in; try again later",
        Duration.ofSeconds(Math.max(1, wait)));
  }

  private static byte[] hash(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }
}
