package dev.stitchd.people;

import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/// Passwords as Argon2id hashes, made and compared on a few threads of their own: each takes a
/// processor for tens of milliseconds. 19 MiB, two passes, one lane: what OWASP's Password Storage
/// Cheat Sheet recommends at least.
@Component
final class Passwords implements DisposableBean {

  /// Fewest and most characters.
  static final int SHORTEST = 8;

  static final int LONGEST = 256;

  private static final int SALT = 16;
  private static final int HASH = 32;
  private static final int LANES = 1;
  private static final int KIBIBYTES = 19_456;
  private static final int PASSES = 2;

  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private final Argon2PasswordEncoder encoder =
      new Argon2PasswordEncoder(SALT, HASH, LANES, KIBIBYTES, PASSES);
  private final Scheduler threads;

  /// Of nobody's password: an account that is not there takes as long as one that is.
  private final String decoy;

  Passwords(SignInSettings settings) {
    this.threads =
        Schedulers.newBoundedElastic(settings.hashing(), settings.hashesWaiting(), "passwords");
    this.decoy = encoder.encode("nobody's password");
  }

  /// Reads a new password; what is wrong with it is noted.
  static String read(JsonFields fields, String name) {
    var password = fields.text(name, LONGEST);
    if (password == null) {
      if (!fields.has(name)) {
        fields.error(name, "is required");
      }
      return "";
    }
    if (password.isBlank()) {
      fields.error(name, "must not be blank");
    } else if (password.length() < SHORTEST) {
      fields.error(name, "must have at least " + SHORTEST + " characters");
    }
    return password;
  }

  /// The hash to keep. Fails with [Problem.Unavailable] if too many wait.
  Mono<String> hash(String password) {
    return onThreads(() -> encoder.encode(password));
  }

  /// Whether a password is the one that was hashed; takes the same time if nothing was.
  Mono<Boolean> matches(String password, @Nullable String hash) {
    return onThreads(() -> encoder.matches(password, hash == null ? decoy : hash))
        .map(matches -> matches && hash != null);
  }

  private <T> Mono<T> onThreads(Supplier<T> work) {
    return Mono.fromSupplier(work)
        .subscribeOn(threads)
        .onErrorMap(
            RejectedExecutionException.class,
            _ -> new Problem.Unavailable("too many people are signing in", RETRY_AFTER));
  }

  @Override
  public void destroy() {
    threads.dispose();
  }
}
