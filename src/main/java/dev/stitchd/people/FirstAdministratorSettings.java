package dev.stitchd.people;

import dev.stitchd.kernel.CheckedSettings;
import dev.stitchd.kernel.StartFailure;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/// The account that is made if there is none; `STITCHD_ADMIN_…`. Both or neither.
///
/// @param email what the first administrator signs in with; nobody is made without
/// @param password the first administrator's, of at least 8 characters; change it after the first
///   start, since this one stays in the configuration
@ConfigurationProperties("stitchd.admin")
record FirstAdministratorSettings(@Nullable String email, @Nullable String password)
    implements CheckedSettings {

  /// An account to make.
  record Wanted(String email, String password) {}

  @Override
  public void check() {
    var wanted = wanted();
    if (wanted == null) {
      if (isThere(email) || isThere(password)) {
        throw new StartFailure(
            "STITCHD_ADMIN_EMAIL and STITCHD_ADMIN_PASSWORD make the first account together: set both, or neither.",
            null);
      }
      return;
    }
    if (!Invitations.EMAIL.matcher(wanted.email()).matches()) {
      throw new StartFailure("STITCHD_ADMIN_EMAIL is not an e-mail address.", null);
    }
    var length = wanted.password().length();
    if (length < Passwords.SHORTEST || length > Passwords.LONGEST) {
      throw new StartFailure(
          "STITCHD_ADMIN_PASSWORD has %d characters and needs at least %d and at most %d."
              .formatted(length, Passwords.SHORTEST, Passwords.LONGEST),
          null);
    }
  }

  /// The account to make; null if there is none.
  @Nullable Wanted wanted() {
    return email == null || password == null || email.isBlank() || password.isBlank()
        ? null
        : new Wanted(
            email.strip(), password.strip()); // as files with secrets end with a line break
  }

  private static boolean isThere(@Nullable String text) {
    return text != null && !text.isBlank();
  }

  @Override
  public String toString() {
    return "FirstAdministratorSettings[" + email + ", …]";
  }
}
