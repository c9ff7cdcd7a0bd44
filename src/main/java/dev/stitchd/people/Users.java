package dev.stitchd.people;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.people.UserRows.User;
import dev.stitchd.permission.Grant;
import dev.stitchd.permission.Grants;
import dev.stitchd.permission.Role;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.Edit;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Written;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The people of a tenant, and their roles. Each publisher emits one value or fails with a
/// [Problem], on an R2DBC event loop.
@Component
public final class Users {

  private final Transactions transactions;
  private final UnitsOfWork units;
  private final Passwords passwords;
  private final Attempts attempts;

  Users(Transactions transactions, UnitsOfWork units, Passwords passwords, Attempts attempts) {
    this.transactions = transactions;
    this.units = units;
    this.passwords = passwords;
    this.attempts = attempts;
  }

  /// A tenant's people by id after `after`, one more than `limit`.
  public Mono<List<StoredResource>> list(TenantId tenant, String after, int limit) {
    return transactions
        .inTenant(tenant, session -> UserRows.page(session, tenant, after, limit))
        .map(page -> page.stream().map(User::stored).toList());
  }

  /// One person.
  public Mono<StoredResource> get(TenantId tenant, UUID id) {
    return transactions
        .inTenant(tenant, session -> UserRows.find(session, tenant, id))
        .switchIfEmpty(Mono.error(Users::noSuchUser))
        .map(User::stored);
  }

  /// What a caller is told about itself: `{"user", "roles", "tenant"}`.
  ///
  /// @param user null for a token that is nobody's
  public Mono<ObjectNode> about(TenantId tenant, @Nullable UUID user, Grants grants) {
    return transactions.inTenant(
        tenant,
        session ->
            Mono.justOrEmpty(user)
                .flatMap(id -> UserRows.find(session, tenant, id))
                .map(User::body)
                .map(Optional::of)
                .defaultIfEmpty(Optional.empty())
                .flatMap(found ->
                    SignInRows.tenantKey(session, tenant)
                        .map(key -> about(found.orElse(null), key, grants))));
  }

  private static ObjectNode about(@Nullable ObjectNode user, String tenant, Grants grants) {
    var body = Json.object();
    body.set("user", user);
    body.set("roles", WantedRoles.json(grants));
    return body.put("tenant", tenant);
  }

  /// Gives a person other roles in place of those they have. Nobody gives or takes more than they
  /// have; the last owner stays one.
  ///
  /// @param edit of `{"roles":[…]}`
  public Mono<Written> setRoles(Author author, UUID id, Edit edit) {
    return units.write(
        author, unit -> held(unit, id).flatMap(before -> setRoles(unit, before, edit)));
  }

  /// Deletes an account with its sessions and tokens, which end within two seconds; not the last
  /// owner's.
  public Mono<Void> delete(Author author, UUID id) {
    return units
        .write(author, unit -> held(unit, id).flatMap(before -> delete(unit, before)))
        .then();
  }

  /// Changes the author's own password, against the present one; the person's other sessions end.
  ///
  /// @param id the author's
  /// @param body `{"current", "password"}`
  /// @param session the hash of the cookie of the session that goes on
  /// @param address what wrong attempts are counted by
  public Mono<Void> changePassword(
      Author author, UUID id, JsonNode body, byte[] session, String address) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var current = fields.requiredText("current", Passwords.LONGEST);
    var wanted = Passwords.read(fields, "password");
    fields.refuseOthers(Set.of());
    errors.throwIfAny();
    return attempts
        .counted(
            author.actor().name(),
            address,
            isPassword(author.tenant(), id, current)
                .filter(right -> right)
                .switchIfEmpty(
                    Mono.error(() -> new Problem.Forbidden("the present password is wrong"))))
        .then(Mono.defer(() -> passwords.hash(wanted)))
        .flatMap(hash -> units.write(author, unit -> setPassword(unit, id, hash, session)))
        .then();
  }

  /// Whether that is a person's present password.
  Mono<Boolean> isPassword(TenantId tenant, UUID id, String password) {
    return transactions
        .inTenant(tenant, session -> UserRows.password(session, tenant, id))
        .flatMap(hash -> passwords.matches(password, hash))
        .defaultIfEmpty(false);
  }

  /// Keeps a new password and ends all sessions but one.
  static Mono<User> setPassword(UnitOfWork unit, UUID id, String hash, byte[] staying) {
    var session = unit.session();
    return UserRows.setPassword(session, unit.tenant(), id, hash)
        .then(Mono.defer(() -> SignInRows.endOthers(session, unit.tenant(), id, staying)))
        .then(Mono.defer(() -> UserRows.find(session, unit.tenant(), id)))
        .delayUntil(user -> AccountLinkRows.endAll(session, unit.tenant(), id, user.email()))
        .delayUntil(
            user -> unit.note("user.password", path(id), user.body(), user.body(), List.of()));
  }

  /// A new account with roles.
  static Mono<User> create(
      UnitOfWork unit, String email, String name, String password, Grants grants) {
    var session = unit.session();
    return UserRows.insert(session, unit.tenant(), email, name, password, unit.author().name())
        .delayUntil(id -> GrantRows.give(session, unit.tenant(), id, null, grants))
        .flatMap(id -> UserRows.find(session, unit.tenant(), id))
        .delayUntil(
            made -> unit.note("user.create", path(made.id()), null, made.body(), List.of()));
  }

  static String path(UUID id) {
    return "/users/" + id;
  }

  static Mono<User> held(UnitOfWork unit, UUID id) {
    return UserRows.holdAll(unit.session(), unit.tenant())
        .then(Mono.defer(() -> UserRows.find(unit.session(), unit.tenant(), id)))
        .switchIfEmpty(Mono.error(Users::noSuchUser));
  }

  private static Mono<Written> setRoles(UnitOfWork unit, User before, Edit edit) {
    var wanted = read(edit.body().apply(before.body()));
    WantedRoles.check(unit.author().grants(), before.grants());
    WantedRoles.check(unit.author().grants(), wanted);
    edit.check("user '" + before.email() + "'", before.version());
    var session = unit.session();
    return keepsAnOwner(unit, before, wanted)
        .then(Mono.defer(() -> endLinks(unit, before)))
        .then(Mono.defer(() -> UserRows.clearGrants(session, unit.tenant(), before.id())))
        .then(Mono.defer(() -> GrantRows.give(session, unit.tenant(), before.id(), null, wanted)))
        .then(Mono.defer(() -> UserRows.find(session, unit.tenant(), before.id())))
        .flatMap(after -> unit.wrote("user.update", path(before.id()), before, after, List.of()));
  }

  private static Mono<Written> delete(UnitOfWork unit, User before) {
    WantedRoles.check(unit.author().grants(), before.grants());
    return keepsAnOwner(unit, before, Grants.NONE)
        .then(Mono.defer(() -> endLinks(unit, before)))
        .then(Mono.defer(() -> UserRows.delete(unit.session(), unit.tenant(), before.id())))
        .then(Mono.defer(() -> unit.deleted("user.delete", path(before.id()), before, List.of())));
  }

  /// Whoever made a link for this person, or was invited by them, was to have no more than the two
  /// had then.
  private static Mono<Long> endLinks(UnitOfWork unit, User user) {
    return AccountLinkRows.endAll(unit.session(), unit.tenant(), user.id(), user.email());
  }

  private static Mono<Void> keepsAnOwner(UnitOfWork unit, User before, Grants after) {
    var owner = Grant.of(Role.OWNER);
    return !before.grants().all().contains(owner) || after.all().contains(owner)
        ? Mono.empty()
        : UserRows.hasOtherOwner(unit.session(), unit.tenant(), before.id())
            .filter(other -> other)
            .switchIfEmpty(Mono.error(Users::lastOwner))
            .then();
  }

  private static Grants read(JsonNode body) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var grants = WantedRoles.read(fields);
    fields.refuseOthers(
        Set.of("id", "email", "name", "secondFactor", "createdAt", "lastLoginAt", "version"));
    errors.throwIfAny();
    return grants;
  }

  private static Problem noSuchUser() {
    return new Problem.NotFound("there is no such user");
  }

  private static Problem lastOwner() {
    return new Problem.Conflict(
        "last-owner", "this is the tenant's last owner; make somebody else one first");
  }
}
