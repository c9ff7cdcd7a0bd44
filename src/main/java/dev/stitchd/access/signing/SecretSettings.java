package dev.stitchd.access.signing;

import dev.stitchd.kernel.CheckedSettings;
import dev.stitchd.kernel.StartFailure;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/// What this installation signs with.
///
/// @param secret the same on all nodes; null for the one that is made and kept in PostgreSQL;
///   `STITCHD_SECRET`
@ConfigurationProperties("stitchd")
public record SecretSettings(@Nullable String secret) implements CheckedSettings {

  /// The fewest characters of a secret.
  static final int SHORTEST = 32;

  @Override
  public void check() {
    var _ = accepted();
  }

  /// The secret that was given, or null.
  ///
  /// @throws StartFailure if it is too short to be one
  @Nullable String accepted() {
    if (secret == null || secret.isBlank()) {
      return null;
    }
    var text = secret.strip(); // as files with secrets end with a line break
    if (text.length() < SHORTEST) {
      throw new StartFailure(
          "STITCHD_SECRET has "
              + text.length()
              + " characters and needs at least "
              + SHORTEST
              + ": set another one on all nodes (openssl rand -hex 32 prints one), or leave it out and one is kept in PostgreSQL.",
          null);
    }
    return text;
  }

  @Override
  public String toString() {
    return "SecretSettings[…]";
  }
}
