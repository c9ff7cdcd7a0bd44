package dev.stitchd.kernel;

import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Who does something.
///
/// @param id of the account or the token; null for the bootstrap token, which is in no store, and
///   for the server's own work
/// @param name a person's e-mail address, a token's name, or what the server is doing
public record Actor(Kind kind, @Nullable UUID id, String name) {

  /// The token that the configuration names.
  public static final Actor BOOTSTRAP_TOKEN = new Actor(Kind.TOKEN, null, "bootstrap-token");

  /// What kinds of actors there are.
  public enum Kind {
    USER,
    TOKEN,
    SYSTEM;

    /// As the API says it.
    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }

    /// The kind that the API calls so.
    ///
    /// @throws IllegalArgumentException if there is none
    public static Kind of(String wire) {
      return valueOf(wire.toUpperCase(Locale.ROOT));
    }
  }

  /// A person with an account.
  public static Actor user(UUID id, String email) {
    return new Actor(Kind.USER, id, email);
  }

  /// An API token that is kept in PostgreSQL.
  public static Actor token(UUID id, String name) {
    return new Actor(Kind.TOKEN, id, name);
  }

  /// The server itself, at work that nobody asked for just now.
  public static Actor system(String work) {
    return new Actor(Kind.SYSTEM, null, work);
  }

  /// As `createdBy` has it: `token:ci` for a kept token, or else the name alone.
  public String label() {
    return kind == Kind.TOKEN && id != null ? "token:" + name : name;
  }

  /// Tells actors apart, of whom two may have one name.
  public String identity() {
    return id == null ? label() : kind.wire() + ":" + id;
  }
}
