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
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Signing in and out. Only hashes of cookies come here. Each publisher emits at most one value or
/// fails with a [Problem], on an R2DBC event loop.
@Component
public final class SignIn {

  private static final int LONGEST_EMAIL = 320;

  private final Transactions transactions;
  private final UnitsOfWork units;
  private final Attempts attempts;
  private final Passwords passwords;
  private final SecondFactors factors;
  private final SignInSettings settings;

  SignIn(
      Transactions transactions,
      UnitsOfWork units,
      Attempts attempts,
      Passwords passwords,
      SecondFactors factors,
      SignInSettings settings) {
    this.transactions = transactions;
    this.units = units;
    this.attempts = attempts;
    this.passwords = passwords;
    this.factors = factors;
    this.settings = settings;
  }

  /// What somebody signs in with.
  ///
  /// @param code of the second factor; null if none was given
  public record Wanted(String email, String password, @Nullable String code) {

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
    var code = fields.text("code", SecondFactors.LONGEST_CODE);
    fields.refuseOthers(Set.of());
    errors.throwIfAny();
    return new Wanted(email, password, code);
  }

  /// Opens a session. A wrong password and an account that is not there are told in the same words,
  /// after the same time, as a wrong code is; too many of them with [Problem.TooMany].
  ///
  /// @param address what wrong attempts are counted by
  /// @param hash SHA-256 of the new session's cookie
  /// @return the person, as the API answers them
  public Mono<ObjectNode> open(Wanted wanted, String address, Origin origin, byte[] hash) {
    return attempts.counted(
        wanted.email(),
        address,
        verified(wanted)
            .flatMap(account ->
                account.secondFactor() != null && wanted.code() == null
                    ? Mono.error(Problem.Unauthenticated::secondFactorRequired)
                    : open(account, wanted, origin, hash)));
  }

  /// A session for somebody who has proved who they are in another way.
  Mono<ObjectNode> open(TenantId tenant, UUID user, String email, Origin origin, byte[] hash) {
    return open(author(tenant, user, email, origin), user, origin, hash, _ -> Mono.just(true));
  }

  /// @param proof the rest of what lets somebody in, in the session's transaction; false if it does
  ///   not
  private Mono<ObjectNode> open(
      Author author,
      UUID user,
      Origin origin,
      byte[] hash,
      Function<UnitOfWork, Mono<Boolean>> proof) {
    var tenant = author.tenant();
    return units.write(
        author,
        unit ->
            proof
                .apply(unit)
                .filter(proved -> proved)
                .switchIfEmpty(Mono.error(SignIn::wrong))
                .flatMap(_ ->
                    SignInRows.open(unit.session(), tenant, user, hash, origin.address(), settings))
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
                    .delayUntil(found -> note(unit, "user.logout", found))
                    .switchIfEmpty(
                        Mono.fromRunnable(
                            () -> unit.leavesNoNote(UnitOfWork.Unaudited.NOTHING_CHANGED))))
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
        .switchIfEmpty(Mono.error(SignIn::wrong));
  }

  private Mono<ObjectNode> open(Account account, Wanted wanted, Origin origin, byte[] hash) {
    var author = author(account.tenant(), account.id(), wanted.email(), origin);
    var sealed = account.secondFactor();
    if (sealed == null) {
      return open(
          author,
          account.id(),
          origin,
          hash,
          unit ->
              isStill(unit, account)
                  .then(
                      Mono.defer(() ->
                          SecondFactorRows.isWithout(
                              unit.session(), account.tenant(), account.id()))));
    }
    return factors
        .step(account.id(), sealed, String.valueOf(wanted.code()))
        .switchIfEmpty(Mono.error(SignIn::wrong))
        .flatMap(step ->
            open(
                author,
                account.id(),
                origin,
                hash,
                unit ->
                    isStill(unit, account)
                        .then(
                            Mono.defer(() ->
                                SecondFactorRows.use(
                                    unit.session(),
                                    account.tenant(),
                                    account.id(),
                                    sealed,
                                    step)))));
  }

  /// The password may have been replaced since it was compared, which ended all sessions.
  private static Mono<Void> isStill(UnitOfWork unit, Account account) {
    return UserRows.holdPassword(unit.session(), account.tenant(), account.id())
        .filter(hash -> hash.equals(account.password()))
        .switchIfEmpty(Mono.error(SignIn::wrong))
        .then();
  }

  private static Problem wrong() {
    return new Problem.Unauthenticated("the e-mail, the password or the code is wrong");
  }

  private static Author author(TenantId tenant, UUID user, String email, Origin origin) {
    return new Author(tenant, Actor.user(user, email), Grants.NONE, null, null, origin);
  }

  private static Mono<Void> note(UnitOfWork unit, String action, User user) {
    return unit.note(action, Users.path(user.id()), user.body(), user.body(), List.of());
  }
}
