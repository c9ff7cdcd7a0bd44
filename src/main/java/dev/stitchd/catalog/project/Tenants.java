package dev.stitchd.catalog.project;

import dev.stitchd.catalog.deletion.Deletions;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.people.Invitations;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.Edit;
import dev.stitchd.resource.KeyAndName;
import dev.stitchd.resource.NamedResource;
import dev.stitchd.resource.ReadOnlyFields;
import dev.stitchd.resource.ResourcePath;
import dev.stitchd.resource.StoredResource;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Written;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Tenants, for platform administrators only; the callers of this class have checked that. Each
/// publisher emits one value or fails with a [Problem], on an R2DBC event loop.
@Component
public final class Tenants {

  /// Where credentials act unless they say otherwise.
  private static final String DEFAULT = "default";

  private final Transactions transactions;
  private final UnitsOfWork units;
  private final Invitations invitations;

  Tenants(Transactions transactions, UnitsOfWork units, Invitations invitations) {
    this.transactions = transactions;
    this.units = units;
    this.invitations = invitations;
  }

  /// Tenants with keys after `after`, in order, one more than `limit`.
  public Mono<List<StoredResource>> list(String after, int limit) {
    return transactions
        .onPlatform(session -> TenantRows.page(session, after, limit))
        .map(page -> page.stream().map(NamedResource::stored).toList());
  }

  /// One tenant.
  public Mono<StoredResource> get(String key) {
    return transactions
        .onPlatform(session -> TenantRows.find(session, key))
        .map(NamedResource::stored);
  }

  /// Creates a tenant from `{"key", "name", "owner"}`. The owner, whose e-mail address that is, is
  /// invited in the same transaction; it may be left out, then nobody is.
  ///
  /// @param link SHA-256 of the token of the owner's invitation
  public Mono<Written> create(Author author, JsonNode body, byte[] link) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var wanted = KeyAndName.read(fields, null);
    var owner = fields.has("owner") ? Invitations.email(fields, "owner") : null;
    fields.refuseOthers(ReadOnlyFields.NAMES);
    errors.throwIfAny();
    return units.writeOnPlatform(
        author,
        unit ->
            Transactions.enter(unit.session(), author.tenant())
                .then(
                    unit.once(
                        "/tenants",
                        body,
                        key -> TenantRows.find(unit.session(), key),
                        () ->
                            owner == null
                                ? create(unit, wanted)
                                : create(unit, wanted)
                                    .flatMap(made -> owned(unit, made, owner, link)))));
  }

  private Mono<Written> owned(UnitOfWork unit, Written made, String owner, byte[] link) {
    var id = new TenantId(UUID.fromString(made.resource().get("id").stringValue()));
    return unit.inTenant(id, inside -> invitations.inviteOwner(inside, owner, link))
        .map(_ -> {
          var body = made.resource().deepCopy();
          body.putObject("owner").put("email", owner);
          return new Written(body, made.version(), made.revisions());
        });
  }

  /// Changes a tenant's name.
  public Mono<Written> update(Author author, String key, Edit edit) {
    return units.writeOnPlatform(
        author,
        unit -> TenantRows.hold(unit.session(), key).flatMap(before -> update(unit, before, edit)));
  }

  /// Deletes a tenant and everything it owns, unless it still has projects or is the one that
  /// credentials act in by default.
  public Mono<Void> delete(Author author, String key, long expected) {
    if (key.equals(DEFAULT)) {
      return Mono.error(
          new Problem.Conflict(
              "in-use",
              "the tenant 'default' is where credentials act unless they say otherwise; it cannot be deleted"));
    }
    return units
        .writeOnPlatform(
            author,
            unit ->
                TenantRows.hold(unit.session(), key)
                    .flatMap(tenant -> delete(unit, tenant, expected)))
        .then();
  }

  private static Mono<Written> create(UnitOfWork unit, KeyAndName wanted) {
    return TenantRows.insert(unit.session(), unit.author(), wanted)
        .flatMap(made -> wrote(unit, "tenant.create", null, made));
  }

  private static Mono<Written> update(UnitOfWork unit, NamedResource before, Edit edit) {
    var wanted = KeyAndName.edited("tenant", before, edit);
    return TenantRows.rename(unit.session(), before.key(), wanted.name())
        .flatMap(after -> wrote(unit, "tenant.update", before, after));
  }

  /// Told in the tenant itself, and where whoever did it acts.
  private static Mono<Written> wrote(
      UnitOfWork unit, String action, @Nullable NamedResource before, NamedResource after) {
    var path = ResourcePath.tenant(after.key());
    var written =
        unit.inTenant(id(after), inside -> inside.wrote(action, path, before, after, List.of()));
    return unit.tenant().equals(id(after))
        ? written
        : written.flatMap(_ -> unit.wrote(action, path, before, after, List.of()));
  }

  private static Mono<Boolean> delete(UnitOfWork unit, NamedResource tenant, long expected) {
    Edit.deletion(expected).check("tenant '" + tenant.key() + "'", tenant.version());
    return Transactions.enter(unit.session(), id(tenant))
        .then(Mono.defer(() -> TenantRows.hasProjects(unit.session(), id(tenant))))
        .flatMap(used ->
            used ? inUse(tenant, "still has projects; delete them first") : left(unit, tenant));
  }

  private static Mono<Boolean> left(UnitOfWork unit, NamedResource tenant) {
    return Deletions.goOn(unit.session(), id(tenant))
        .flatMap(going ->
            going
                ? inUse(
                    tenant,
                    "has projects or environments whose rows are still being removed; try again when GET /api/v1/deletions says that all are done")
                : remove(unit, tenant));
  }

  private static Mono<Boolean> inUse(NamedResource tenant, String why) {
    return Mono.error(new Problem.Conflict("in-use", "tenant '" + tenant.key() + "' " + why));
  }

  /// The tenant takes its audit log along, so who deleted it is noted where they acted, or if that
  /// was in the tenant itself, where they would act otherwise.
  private static Mono<Boolean> remove(UnitOfWork unit, NamedResource tenant) {
    var told =
        unit.tenant().equals(id(tenant))
            ? TenantRows.find(unit.session(), DEFAULT).map(Tenants::id)
            : Mono.just(unit.tenant());
    return TenantRows.delete(unit.session(), id(tenant))
        .then(told)
        .flatMap(where ->
            unit.inTenant(
                where,
                inside ->
                    inside.deleted(
                        "tenant.delete", ResourcePath.tenant(tenant.key()), tenant, List.of())))
        .thenReturn(true);
  }

  private static TenantId id(NamedResource tenant) {
    return new TenantId(tenant.meta().id());
  }
}
