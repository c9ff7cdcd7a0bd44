package dev.stitchd.access;

import dev.stitchd.kernel.CheckedSettings;
import dev.stitchd.kernel.StartFailure;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Settings of the whole installation that decide who may call; `STITCHD_…`.
///
/// @param bootstrap the administrator's token of the first hour
/// @param admin the account of the first hour
@ConfigurationProperties("stitchd")
record InstallationSettings(@DefaultValue Bootstrap bootstrap, @DefaultValue Admin admin)
    implements CheckedSettings {

  @Override
  public void check() {
    var _ = bootstrap.accepted();
  }

  /// The account that is made if there is none; whoever makes it checks it.
  ///
  /// @param email `STITCHD_ADMIN_EMAIL`; null if none is to be made
  record Admin(@Nullable String email) {

    boolean isGiven() {
      return email != null && !email.isBlank();
    }
  }

  /// @param token `STITCHD_BOOTSTRAP_TOKEN`: accepted as a platform administrator's API token; null
  ///   if none was given
  record Bootstrap(@Nullable String token) {

    /// The fewest characters of a token.
    static final int SHORTEST = 32;

    @Override
    public String toString() {
      return "Bootstrap[…]";
    }

    /// The token to accept, or null.
    ///
    /// @throws StartFailure if it is too short to be a secret, or too long to be read from a header
    @Nullable String accepted() {
      if (token == null || token.isBlank()) {
        return null;
      }
      var text = token.strip(); // as files with secrets end with a line break
      if (text.length() < SHORTEST || text.length() > Credentials.LONGEST) {
        throw new StartFailure(
            "STITCHD_BOOTSTRAP_TOKEN has "
                + text.length()
                + " characters and needs at least "
                + SHORTEST
                + " and at most "
                + Credentials.LONGEST
                + ": set another one (openssl rand -hex 32 prints one), or leave it out and a random token is made.",
            null);
      }
      return text;
    }
  }
}
