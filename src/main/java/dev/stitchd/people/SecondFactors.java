package dev.stitchd.people;

import dev.stitchd.access.cipher.SecretCipher;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Problem;
import dev.stitchd.people.UserRows.User;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Second factors: codes of an authenticator app, asked for besides the password. Their secrets are
/// kept encrypted, and told once. Each publisher emits at most one value or fails with a [Problem],
/// on an R2DBC event loop.
@Component
public final class SecondFactors {

  static final int LONGEST_CODE = 20;

  private static final Logger LOG = LoggerFactory.getLogger(SecondFactors.class);

  private final Transactions transactions;
  private final UnitsOfWork units;
  private final Users users;
  private final Attempts attempts;
  private final SecretCipher cipher;
  private final Clock clock;

  SecondFactors(
      Transactions transactions,
      UnitsOfWork units,
      Users users,
      Attempts attempts,
      SecretCipher cipher,
      Clock clock) {
    this.transactions = transactions;
    this.units = units;
    this.users = users;
    this.attempts = attempts;
    this.cipher = cipher;
    this.clock = clock;
  }

  /// Makes a secret for the author, in place of one that was not confirmed; `{"secret", "uri"}`. No
  /// code is asked for before it is confirmed.
  ///
  /// @param id the author's
  /// @param body `{"password"}`
  /// @param address what wrong attempts are counted by
  public Mono<ObjectNode> begin(Author author, UUID id, JsonNode body, String address) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var password = fields.requiredText("password", Passwords.LONGEST);
    fields.refuseOthers(Set.of());
    errors.throwIfAny();
    var right =
        users
            .isPassword(author.tenant(), id, password)
            .filter(is -> is)
            .switchIfEmpty(Mono.error(() -> new Problem.Forbidden("the password is wrong")));
    return attempts.counted(email(author), address, right).flatMap(_ -> begin(author, id));
  }

  private Mono<ObjectNode> begin(Author author, UUID id) {
    var secret = cipher.newSecret(Totp.SECRET);
    return cipher
        .encrypt(purpose(id), secret)
        .flatMap(sealed ->
            change(
                author,
                id,
                "begin",
                unit -> SecondFactorRows.begin(unit.session(), unit.tenant(), id, sealed),
                SecondFactors::isOn))
        .thenReturn(
            Json.object()
                .put("secret", Totp.text(secret))
                .put("uri", Totp.uri(secret, email(author))));
  }

  /// Confirms the secret with its first code, which is asked for from now on; the person's other
  /// sessions end.
  ///
  /// @param id the author's
  /// @param body `{"code"}`
  /// @param staying the hash of the cookie of the session that goes on
  /// @param address what wrong attempts are counted by
  public Mono<Void> confirm(Author author, UUID id, JsonNode body, byte[] staying, String address) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var code = fields.requiredText("code", LONGEST_CODE);
    fields.refuseOthers(Set.of());
    errors.throwIfAny();
    return sealed(author, session -> SecondFactorRows.pending(session, author.tenant(), id))
        .switchIfEmpty(Mono.error(SecondFactors::isNotPending))
        .flatMap(sealed ->
            attempts
                .counted(
                    email(author),
                    address,
                    step(id, sealed, code)
                        .switchIfEmpty(
                            Mono.error(() -> new Problem.Forbidden("the code is wrong"))))
                .flatMap(step ->
                    change(
                        author,
                        id,
                        "create",
                        unit ->
                            SecondFactorRows.confirm(
                                    unit.session(), unit.tenant(), id, sealed, step)
                                .delayUntil(_ ->
                                    SignInRows.endOthers(
                                        unit.session(), unit.tenant(), id, staying)),
                        SecondFactors::isNotPending)));
  }

  /// Removes the author's own.
  ///
  /// @param id the author's
  /// @param body `{"password", "code"}`
  /// @param address what wrong attempts are counted by
  public Mono<Void> remove(Author author, UUID id, JsonNode body, String address) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var password = fields.requiredText("password", Passwords.LONGEST);
    var code = fields.requiredText("code", LONGEST_CODE);
    fields.refuseOthers(Set.of());
    errors.throwIfAny();
    return sealed(author, session -> SecondFactorRows.factor(session, author.tenant(), id))
        .switchIfEmpty(Mono.error(SecondFactors::isMissing))
        .flatMap(sealed ->
            attempts
                .counted(
                    email(author),
                    address,
                    users
                        .isPassword(author.tenant(), id, password)
                        .filter(right -> right)
                        .flatMap(_ -> step(id, sealed, code))
                        .flatMap(step -> remove(author, id, sealed, step).thenReturn(true))
                        .switchIfEmpty(Mono.error(SecondFactors::isWrong)))
                .then());
  }

  private Mono<Void> remove(Author author, UUID id, String sealed, long step) {
    return change(
        author,
        id,
        "delete",
        unit ->
            SecondFactorRows.use(unit.session(), unit.tenant(), id, sealed, step)
                .filter(fresh -> fresh)
                .flatMap(_ -> SecondFactorRows.remove(unit.session(), unit.tenant(), id))
                .defaultIfEmpty(false),
        SecondFactors::isWrong);
  }

  /// An administrator removes a person's, who lost it: not of who has more than the administrator,
  /// and not the own one, which takes a code.
  public Mono<Void> removeOf(Author author, UUID id) {
    if (id.equals(author.actor().id())) {
      throw new Problem.Forbidden(
          "your own second factor is removed with a code, by DELETE /api/v1/me/second-factor");
    }
    return units
        .write(
            author,
            unit ->
                Users.held(unit, id)
                    .doOnNext(found -> WantedRoles.check(author.grants(), found.grants()))
                    .flatMap(found ->
                        changed(
                            unit,
                            found,
                            "delete",
                            SecondFactorRows.remove(unit.session(), unit.tenant(), id),
                            SecondFactors::isMissing)))
        .then();
  }

  /// The step of a person's code; empty if it is not right now. Whether it was used is not looked
  /// at.
  ///
  /// @param sealed the encrypted secret
  Mono<Long> step(UUID id, String sealed, String code) {
    return cipher
        .decrypt(purpose(id), sealed)
        .switchIfEmpty(
            Mono.fromRunnable(() ->
                LOG.warn(
                    "the second factor of user {} cannot be read: the installation's secret is another one now; an administrator can remove the factor",
                    id)))
        .flatMap(secret -> {
          var step = Totp.step(secret, code.replace(" ", ""), clock.instant());
          return step.isPresent() ? Mono.just(step.getAsLong()) : Mono.empty();
        });
  }

  private Mono<String> sealed(Author author, Function<Session, Mono<String>> read) {
    return transactions.inTenant(author.tenant(), read);
  }

  /// Changes the author's own, and notes it.
  private Mono<Void> change(
      Author author,
      UUID id,
      String verb,
      Function<UnitOfWork, Mono<Boolean>> work,
      Supplier<Problem> otherwise) {
    return units
        .write(
            author,
            unit ->
                UserRows.find(unit.session(), unit.tenant(), id)
                    .flatMap(before -> changed(unit, before, verb, work.apply(unit), otherwise)))
        .then();
  }

  private static Mono<User> changed(
      UnitOfWork unit, User before, String verb, Mono<Boolean> work, Supplier<Problem> otherwise) {
    return work.filter(done -> done)
        .switchIfEmpty(Mono.error(otherwise::get))
        .flatMap(_ -> UserRows.find(unit.session(), unit.tenant(), before.id()))
        .delayUntil(after ->
            unit.note(
                "user.second-factor." + verb,
                Users.path(before.id()) + "/second-factor",
                before.body(),
                after.body(),
                List.of()));
  }

  private static String email(Author author) {
    return author.actor().name();
  }

  /// A secret that is copied to another account cannot be read there.
  private static String purpose(UUID id) {
    return "stitchd second factor of " + id;
  }

  private static Problem isOn() {
    return new Problem.Conflict(
        "second-factor-on", "there is a second factor; remove it before you set up another one");
  }

  private static Problem isNotPending() {
    return new Problem.Conflict(
        "no-pending-second-factor",
        "there is no secret to confirm; POST /api/v1/me/second-factor makes one");
  }

  private static Problem isMissing() {
    return new Problem.NotFound("there is no second factor");
  }

  private static Problem isWrong() {
    return new Problem.Forbidden("the password or the code is wrong");
  }
}
