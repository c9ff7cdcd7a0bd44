package dev.stitchd.people;

import dev.stitchd.kernel.Actor;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Origin;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.people.AccountLinkRows.AccountLink;
import dev.stitchd.people.AccountLinkRows.Home;
import dev.stitchd.people.UserRows.User;
import dev.stitchd.permission.Grant;
import dev.stitchd.permission.Grants;
import dev.stitchd.permission.Role;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Written;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Links that let somebody in once: to join a tenant with roles, or to set a new password. Only
/// hashes of their tokens come here; the server sends no mail, so whoever makes a link hands it
/// over. Each publisher emits at most one value or fails with a [Problem], on an R2DBC event loop.
@Component
public final class Invitations {

  /// What an account of an e-mail address looks like, as far as a server can tell without writing
  /// to it.
  static final Pattern EMAIL = Pattern.compile("[^\\s@\\p{Cntrl}]+@[^\\s@\\p{Cntrl}]+");

  private static final int LONGEST = 320;
  private static final int MAX_NAME = 200;
  private static final int MAX_TOKEN = 256;

  private final Transactions transactions;
  private final UnitsOfWork units;
  private final Passwords passwords;
  private final Attempts attempts;
  private final SignIn signIn;
  private final SignInSettings settings;

  Invitations(
      Transactions transactions,
      UnitsOfWork units,
      Passwords passwords,
      Attempts attempts,
      SignIn signIn,
      SignInSettings settings) {
    this.transactions = transactions;
    this.units = units;
    this.passwords = passwords;
    this.attempts = attempts;
    this.signIn = signIn;
    this.settings = settings;
  }

  /// Who is to be invited, with which roles.
  public record Wanted(String email, Grants grants) {}

  /// Who joins, or sets a new password.
  ///
  /// @param name empty for a new password
  public record Joining(String token, String name, String password) {

    @Override
    public String toString() {
      return "Joining[…]";
    }
  }

  /// Reads `{"email", "roles"}`; all that is wrong at once.
  public static Wanted read(JsonNode body) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var email = email(fields, "email");
    var grants = WantedRoles.read(fields);
    fields.refuseOthers(Set.of("id", "createdAt", "createdBy", "expiresAt"));
    errors.throwIfAny();
    return new Wanted(email, grants);
  }

  /// Reads an e-mail address that must be there; what is wrong is noted.
  public static String email(JsonFields fields, String name) {
    var text = fields.requiredText(name, LONGEST);
    if (!text.isEmpty() && !EMAIL.matcher(text).matches()) {
      fields.error(name, "is not an e-mail address");
    }
    return text;
  }

  /// Reads `{"token", "name", "password"}`.
  public static Joining readJoining(JsonNode body) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var token = fields.requiredText("token", MAX_TOKEN);
    var name = fields.requiredText("name", MAX_NAME);
    var password = Passwords.read(fields, "password");
    fields.refuseOthers(Set.of());
    errors.throwIfAny();
    return new Joining(token, name, password);
  }

  /// Reads `{"token", "password"}`.
  public static Joining readReset(JsonNode body) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var token = fields.requiredText("token", MAX_TOKEN);
    var password = Passwords.read(fields, "password");
    fields.refuseOthers(Set.of());
    errors.throwIfAny();
    return new Joining(token, "", password);
  }

  /// Invitations that can still be accepted, by id after `after`, one more than `limit`.
  public Mono<List<StoredResource>> list(TenantId tenant, String after, int limit) {
    return transactions
        .inTenant(tenant, session -> AccountLinkRows.page(session, tenant, after, limit))
        .map(page -> page.stream().map(AccountLink::stored).toList());
  }

  /// Invites somebody, with no more roles than the author has. An earlier invitation of the same
  /// address ends.
  ///
  /// @param hash SHA-256 of the link's token
  public Mono<Written> invite(Author author, Wanted wanted, byte[] hash) {
    WantedRoles.check(author.grants(), wanted.grants());
    return units.write(author, unit -> invite(unit, wanted, hash));
  }

  /// Invites the owner of a tenant that is being made, as a part of that.
  ///
  /// @param unit inside the tenant
  /// @param hash SHA-256 of the link's token
  public Mono<Written> inviteOwner(UnitOfWork unit, String email, byte[] hash) {
    return invite(unit, new Wanted(email, new Grants(List.of(Grant.of(Role.OWNER)))), hash);
  }

  /// Takes an invitation back.
  public Mono<Void> revoke(Author author, UUID id) {
    return units
        .write(
            author,
            unit ->
                AccountLinkRows.delete(unit.session(), unit.tenant(), id)
                    .switchIfEmpty(
                        Mono.error(() -> new Problem.NotFound("there is no such invitation")))
                    .flatMap(gone -> unit.deleted("invitation.delete", path(id), gone, List.of())))
        .then();
  }

  /// A link that sets a person's password, made by who may do all that the person may.
  ///
  /// @param hash SHA-256 of the link's token
  public Mono<Written> resetLink(Author author, UUID user, byte[] hash) {
    return units.write(
        author,
        unit ->
            UserRows.holdAll(unit.session(), unit.tenant())
                .then(Mono.defer(() -> UserRows.find(unit.session(), unit.tenant(), user)))
                .switchIfEmpty(Mono.error(() -> new Problem.NotFound("there is no such user")))
                .doOnNext(found -> WantedRoles.check(author.grants(), found.grants()))
                .flatMap(found -> resetLink(unit, found, hash)));
  }

  /// Makes the account that an invitation is for, and signs it in.
  ///
  /// @param hash SHA-256 of the link's token
  /// @param session SHA-256 of the new session's cookie
  /// @return the person, as the API answers them
  public Mono<ObjectNode> accept(
      Joining wanted, byte[] hash, String address, Origin origin, byte[] session) {
    return used(
        hash,
        false,
        address,
        home ->
            passwords
                .hash(wanted.password())
                .flatMap(password ->
                    units.write(
                        system(home.tenant(), "invitation", origin),
                        unit -> join(unit, home, wanted.name(), password)))
                .flatMap(
                    made -> signIn.open(home.tenant(), made.id(), made.email(), origin, session)));
  }

  /// Sets a new password and ends all sessions of its person.
  ///
  /// @param hash SHA-256 of the link's token
  public Mono<Void> reset(Joining wanted, byte[] hash, String address, Origin origin) {
    return used(
            hash,
            true,
            address,
            home ->
                passwords
                    .hash(wanted.password())
                    .flatMap(password ->
                        units.write(
                            system(home.tenant(), "password reset", origin),
                            unit ->
                                taken(unit, home)
                                    .flatMap(link ->
                                        Users.setPassword(
                                            unit,
                                            Objects.requireNonNull(link.user()),
                                            password,
                                            new byte[0])))))
        .then();
  }

  /// Wrong tokens count as wrong passwords do.
  private <T> Mono<T> used(
      byte[] hash, boolean reset, String address, Function<Home, Mono<T>> work) {
    return attempts
        .counted(
            "",
            address,
            transactions
                .onPlatform(session -> AccountLinkRows.home(session, hash))
                .filter(home -> (home.user() != null) == reset)
                .switchIfEmpty(Mono.error(Invitations::ended)))
        .flatMap(work);
  }

  private Mono<Written> invite(UnitOfWork unit, Wanted wanted, byte[] hash) {
    return GrantRows.check(unit.session(), unit.tenant(), wanted.grants().all())
        .then(
            Mono.defer(() ->
                AccountLinkRows.insert(
                    unit.session(),
                    unit.tenant(),
                    hash,
                    wanted.email(),
                    null,
                    wanted.grants(),
                    unit.author().name(),
                    settings.invitation())))
        .flatMap(made -> unit.wrote("invitation.create", path(made.id()), null, made, List.of()));
  }

  private Mono<Written> resetLink(UnitOfWork unit, User user, byte[] hash) {
    return AccountLinkRows.insert(
            unit.session(),
            unit.tenant(),
            hash,
            user.email(),
            user.id(),
            Grants.NONE,
            unit.author().name(),
            settings.reset())
        .flatMap(made ->
            unit.wrote("user.password-reset", Users.path(user.id()), null, made, List.of()));
  }

  private static Mono<User> join(UnitOfWork unit, Home home, String name, String password) {
    return taken(unit, home)
        .flatMap(link -> Users.create(unit, link.email(), name, password, link.grants()));
  }

  private static Mono<AccountLink> taken(UnitOfWork unit, Home home) {
    return AccountLinkRows.delete(unit.session(), unit.tenant(), home.id())
        .switchIfEmpty(Mono.error(Invitations::ended));
  }

  private static Author system(TenantId tenant, String work, Origin origin) {
    return new Author(tenant, Actor.system(work), Grants.PLATFORM, null, null, origin);
  }

  private static String path(UUID id) {
    return "/invitations/" + id;
  }

  private static Problem ended() {
    return new Problem.NotFound("this link has ended or was used already; ask for another one");
  }
}
