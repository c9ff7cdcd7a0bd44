package dev.stitchd.people;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Origin;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.people.SignInRows.Account;
import dev.stitchd.people.UserRows.User;
import dev.stitchd.permission.Grants;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Signing in and out. Only hashes of cookies come here. Each publisher emits at most one value or
/// fails with a [Problem], on an R2DBC event loop.
@Component
public final class SignIn {

  private static final int LONGEST_EMAIL = 320;
  private static final int LONGEST_CODE = 20;

  private final Transactions transactions;
  private final UnitsOfWork units;
  private final Attempts attempts;
  private final Passwords passwords;
  private final SignInSettings settings;

  SignIn(
      Transactions transactions,
      UnitsOfWork units,
      Attempts attempts,
      Passwords passwords,
      SignInSettings settings) {
    this.transactions = transactions;
    this.units = units;
    this.attempts = attempts;
    this.passwords = passwords;
    this.settings = settings;
  }

  /// What somebody signs in with.
  public record Wanted(String email, String password) {

    @Override
    public String toString() {
      return "Wanted[…]";
    }
  }

  /// Reads `{"email", "password", "code"}`; all that is wrong at once.
  public static Wanted read(JsonNode body) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var email = fields.requiredText("email", LONGEST_EMAIL);
    var password = fields.requiredText("password", Passwords.LONGEST);
    var _ = fields.text("code", LONGEST_CODE);
    fields.refuseOthers(Set.of());
    errors.throwIfAny();
    return new Wanted(email, password);
  }

  /// Opens a session. A wrong password and an account that is not there are told in the same words,
  /// after the same time; too many of them with [Problem.TooMany].
  ///
  /// @param address what wrong attempts are counted by
  /// @param hash SHA-256 of the new session's cookie
  /// @return the person, as the API answers them
  public Mono<ObjectNode> open(Wanted wanted, String address, Origin origin, byte[] hash) {
    return attempts
        .begin(wanted.email(), address)
        .flatMap(attempt ->
            verified(wanted)
                .delayUntil(_ -> attempts.right(attempt))
                .flatMap(account -> open(account, wanted.email(), origin, hash)));
  }

  /// A session for somebody who has proved who they are in another way.
  Mono<ObjectNode> open(TenantId tenant, UUID user, String email, Origin origin, byte[] hash) {
    return units.write(
        author(tenant, user, email, origin),
        unit ->
            SignInRows.open(unit.session(), tenant, user, hash, origin.address(), settings)
                .then(Mono.defer(() -> UserRows.signedIn(unit.session(), tenant, user)))
                .then(Mono.defer(() -> UserRows.find(unit.session(), tenant, user)))
                .delayUntil(found -> note(unit, "user.login", found))
                .map(User::body));
  }

  /// Ends the session of that cookie, if there is one.
  ///
  /// @param author whose it is
  public Mono<Void> close(Author author, byte[] hash) {
    return units
        .write(
            author,
            unit ->
                SignInRows.end(unit.session(), unit.tenant(), hash)
                    .flatMap(user -> UserRows.find(unit.session(), unit.tenant(), user))
                    .delayUntil(found -> note(unit, "user.logout", found)))
        .then();
  }

  private Mono<Account> verified(Wanted wanted) {
    return transactions
        .onPlatform(session -> SignInRows.account(session, wanted.email()))
        .map(List::of)
        .defaultIfEmpty(List.of())
        .flatMap(found ->
            passwords
                .matches(wanted.password(), found.isEmpty() ? null : found.getFirst().password())
                .filter(right -> right && !found.isEmpty())
                .map(_ -> found.getFirst()))
        .switchIfEmpty(
            Mono.error(() -> new Problem.Unauthenticated("the e-mail or the password is wrong")));
  }

  private Mono<ObjectNode> open(Account account, String email, Origin origin, byte[] hash) {
    return open(account.tenant(), account.id(), email, origin, hash);
  }

  private static Author author(TenantId tenant, UUID user, String email, Origin origin) {
    return new Author(tenant, Actor.user(user, email), Grants.NONE, null, null, origin);
  }

  private static Mono<Void> note(UnitOfWork unit, String action, User user) {
    return unit.note(action, Users.path(user.id()), user.body(), user.body(), List.of());
  }
}
