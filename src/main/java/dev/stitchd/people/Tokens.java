package dev.stitchd.people;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.people.ApiTokenRows.ApiToken;
import dev.stitchd.permission.Grants;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Versioned;
import dev.stitchd.resource.Written;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// API tokens of a tenant. Only hashes come here; whoever makes a token shows it once and forgets
/// it. Each publisher emits one value or fails with a [Problem], on an R2DBC event loop.
@Component
public final class Tokens {

  /// Most tokens in a tenant.
  static final int MAX_TOKENS = 1_000;

  /// The last instant that clients can be told in four digits of a year.
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999Z");

  private static final String PATH = "/tokens";
  private static final int MAX_NAME = 200;
  private static final Set<String> READ_ONLY =
      Set.of("id", "version", "user", "createdAt", "createdBy", "lastUsedAt");

  private final Transactions transactions;
  private final UnitsOfWork units;
  private final Clock clock;

  Tokens(Transactions transactions, UnitsOfWork units, Clock clock) {
    this.transactions = transactions;
    this.units = units;
    this.clock = clock;
  }

  /// What a request wants.
  ///
  /// @param expiresAt null for never
  public record Wanted(String name, Grants grants, @Nullable Instant expiresAt) {}

  /// Reads `{"name", "roles", "expiresAt"}`; all that is wrong at once.
  public Wanted read(JsonNode body) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var name = fields.requiredText("name", MAX_NAME);
    var grants = WantedRoles.read(fields);
    if (grants.all().isEmpty() && errors.isEmpty()) {
      fields.error("roles", "holds no role, so the token could do nothing");
    }
    var expiresAt = expiry(fields);
    fields.refuseOthers(READ_ONLY);
    errors.throwIfAny();
    return new Wanted(name, grants, expiresAt);
  }

  /// Tokens by id after `after`, one more than `limit`: a tenant's for its administrators, the own
  /// ones for others.
  ///
  /// @param owner whose; null for all
  public Mono<List<StoredResource>> list(
      TenantId tenant, @Nullable UUID owner, String after, int limit) {
    return transactions
        .inTenant(tenant, session -> ApiTokenRows.page(session, tenant, owner, after, limit))
        .map(
            page -> page.stream().map(one -> StoredResource.of(one.id().toString(), one)).toList());
  }

  /// One token.
  ///
  /// @param owner whose it must be; null if it may be anybody's
  public Mono<StoredResource> get(TenantId tenant, UUID id, @Nullable UUID owner) {
    return transactions
        .inTenant(tenant, session -> ApiTokenRows.find(session, tenant, id))
        .filter(found -> isOf(found, owner))
        .switchIfEmpty(Mono.error(Tokens::noSuchToken))
        .map(found -> StoredResource.of(id.toString(), found));
  }

  /// Keeps a new token, which lets do no more than its author may.
  ///
  /// @param user whose it is; null if the author is a token that is nobody's
  /// @param hash SHA-256 of the token
  /// @param latest when the token ends that makes it; null if that ends never, or none makes it
  public Mono<Written> create(
      Author author, Wanted wanted, @Nullable UUID user, byte[] hash, @Nullable Instant latest) {
    WantedRoles.check(author.grants(), wanted.grants());
    checkOutlives(wanted, latest);
    return units.write(
        author,
        unit ->
            ApiTokenRows.count(unit.session(), unit.tenant())
                .filter(count -> count < MAX_TOKENS)
                .switchIfEmpty(Mono.error(Tokens::tooMany))
                .then(Mono.defer(() -> create(unit, wanted, user, hash))));
  }

  /// Deletes a token: it is refused on every node within two seconds.
  ///
  /// @param owner whose it must be; null if it may be anybody's
  public Mono<Void> delete(Author author, UUID id, @Nullable UUID owner) {
    return units
        .write(
            author,
            unit ->
                ApiTokenRows.find(unit.session(), unit.tenant(), id)
                    .filter(found -> isOf(found, owner))
                    .switchIfEmpty(Mono.error(Tokens::noSuchToken))
                    .doOnNext(found -> {
                      if (owner == null) {
                        WantedRoles.check(author.grants(), found.grants());
                      }
                    })
                    .flatMap(found ->
                        ApiTokenRows.delete(unit.session(), unit.tenant(), id)
                            .then(
                                Mono.defer(() ->
                                    unit.deleted("token.delete", path(id), found, List.of())))))
        .then();
  }

  private static Mono<Written> create(
      UnitOfWork unit, Wanted wanted, @Nullable UUID user, byte[] hash) {
    var session = unit.session();
    return ApiTokenRows.insert(
            session, unit.author(), wanted.name(), hash, user, wanted.expiresAt())
        .delayUntil(id -> GrantRows.give(session, unit.tenant(), null, id, wanted.grants()))
        .flatMap(id -> ApiTokenRows.find(session, unit.tenant(), id))
        .flatMap(made -> unit.wrote("token.create", path(made.id()), null, made, List.of()));
  }

  private static void checkOutlives(Wanted wanted, @Nullable Instant latest) {
    var end = wanted.expiresAt();
    if (latest != null && (end == null || end.isAfter(latest))) {
      throw new Problem.Forbidden(
          "a token makes none that outlives it: name an expiresAt until "
              + Versioned.timestamp(latest));
    }
  }

  private @Nullable Instant expiry(JsonFields fields) {
    var text = fields.text("expiresAt", JsonFields.MAX_TEXT);
    if (text == null) {
      return null;
    }
    try {
      var at = OffsetDateTime.parse(text).toInstant();
      if (!at.isAfter(clock.instant())) {
        fields.error("expiresAt", "is not in the future");
      } else if (at.isAfter(LATEST)) {
        fields.error("expiresAt", "must be before the year 10000; leave it out for never");
      }
      return at;
    } catch (DateTimeParseException e) {
      fields.malformed("expiresAt", "must be a time as 2027-01-01T00:00:00Z");
      return null;
    }
  }

  private static boolean isOf(ApiToken token, @Nullable UUID owner) {
    return owner == null
        || owner.equals(token.user())
        || owner.equals(token.id())
        || owner.equals(token.madeBy());
  }

  private static String path(UUID id) {
    return PATH + "/" + id;
  }

  private static Problem noSuchToken() {
    return new Problem.NotFound("there is no such token");
  }

  private static Problem tooMany() {
    return new Problem.Conflict(
        "too-many-tokens",
        "a tenant has at most " + MAX_TOKENS + " API tokens; delete those that nobody uses");
  }
}
