package dev.stitchd.catalog;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import io.r2dbc.spi.Readable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Tenants, for platform administrators only; the callers of this class have checked that. Each
/// publisher emits one value or fails with a [Problem], on an R2DBC event loop.
@Component
public final class Tenants {

  private static final String COLUMNS =
      "id, key, name, version, created_at, created_by, updated_at";

  private record Tenant(String key, String name, Versioned meta) {
    static Tenant of(Readable row) {
      return new Tenant(Columns.text(row, "key"), Columns.text(row, "name"), Versioned.of(row));
    }

    ObjectNode body() {
      return meta.into(Json.object().put("key", key).put("name", name));
    }

    Stored stored() {
      return new Stored(key, body(), meta.version());
    }
  }

  private static final String FOR_UPDATE = " FOR UPDATE";

  private final Transactions transactions;
  private final Idempotency idempotency;

  Tenants(Transactions transactions, Idempotency idempotency) {
    this.transactions = transactions;
    this.idempotency = idempotency;
  }

  /// Tenants with keys after `after`, in order, one more than `limit`.
  public Mono<List<Stored>> list(String after, int limit) {
    return transactions.onPlatform(session ->
        session.all(
            "SELECT " + COLUMNS + " FROM tenants WHERE key > $1 ORDER BY key LIMIT $2",
            row -> Tenant.of(row).stored(),
            after,
            limit + 1));
  }

  /// One tenant.
  public Mono<Stored> get(String key) {
    return transactions.onPlatform(session -> find(session, key, "").map(Tenant::stored));
  }

  /// Creates a tenant from `{"key", "name"}`.
  public Mono<Written> create(Author author, JsonNode body) {
    var wanted = read(body, null);
    return transactions.onPlatform(session ->
        within(session, author.tenant().value())
            .then(
                idempotency.once(
                    session, author, "/tenants", body, () -> insert(session, author, wanted))));
  }

  /// Changes a tenant's name.
  public Mono<Written> update(Author author, String key, Edit edit) {
    return transactions.onPlatform(session ->
        find(session, key, FOR_UPDATE).flatMap(before -> update(session, author, before, edit)));
  }

  /// Deletes a tenant and everything it owns, unless it still has projects or is the one that
  /// credentials act in by default.
  public Mono<Void> delete(Author author, String key, long expected) {
    if (key.equals("default")) {
      return Mono.error(
          new Problem.Conflict(
              "in-use",
              "the tenant 'default' is where credentials act unless they say otherwise; it cannot be deleted"));
    }
    return transactions
        .onPlatform(session ->
            find(session, key, FOR_UPDATE)
                .flatMap(tenant -> delete(session, author, tenant, expected)))
        .then();
  }

  private static Mono<Written> insert(Session session, Author author, KeyAndName wanted) {
    return session
        .one(
            "INSERT INTO tenants (key, name, created_by) VALUES ($1, $2, $3) RETURNING " + COLUMNS,
            Tenant::of,
            wanted.key(),
            wanted.name(),
            author.name())
        .flatMap(made -> audited(session, author, "create", null, made));
  }

  private static Mono<Written> update(Session session, Author author, Tenant before, Edit edit) {
    edit.check("tenant '" + before.key() + "'", before.meta().version());
    var wanted = read(edit.body().apply(before.body()), before.key());
    return session
        .one(
            "UPDATE tenants SET name = $2, version = version + 1, updated_at = now() WHERE key = $1 RETURNING "
                + COLUMNS,
            Tenant::of,
            before.key(),
            wanted.name())
        .flatMap(after -> audited(session, author, "update", before, after));
  }

  private static Mono<Boolean> delete(
      Session session, Author author, Tenant tenant, long expected) {
    Edit.deletion(expected).check("tenant '" + tenant.key() + "'", tenant.meta().version());
    return within(session, tenant.meta().id())
        .then(
            session.any("SELECT 1 FROM projects WHERE tenant_id = $1 LIMIT 1", tenant.meta().id()))
        .flatMap(used ->
            used
                ? Mono.error(
                    new Problem.Conflict(
                        "in-use",
                        "tenant '" + tenant.key() + "' still has projects; delete them first"))
                : remove(session, author, tenant));
  }

  /// The tenant takes its audit log along, so who deleted it is noted where they acted.
  private static Mono<Boolean> remove(Session session, Author author, Tenant tenant) {
    var deleted = session.run("DELETE FROM tenants WHERE id = $1", tenant.meta().id());
    return author.tenant().value().equals(tenant.meta().id())
        ? deleted.thenReturn(true)
        : deleted
            .then(within(session, author.tenant().value()))
            .then(
                Audit.note(session, author, "delete", path(tenant), Map.of(), tenant.body(), null))
            .thenReturn(true);
  }

  /// The audit row belongs to the tenant itself, so the transaction steps into it, and back.
  private static Mono<Written> audited(
      Session session, Author author, String action, @Nullable Tenant before, Tenant after) {
    var inside = new Author(new TenantId(after.meta().id()), author.name(), author.comment(), null);
    return within(session, after.meta().id())
        .then(
            Audit.note(
                session,
                inside,
                action,
                path(after),
                Map.of(),
                before == null ? null : before.body(),
                after.body()))
        .then(within(session, author.tenant().value()))
        .thenReturn(new Written(after.body(), after.meta().version(), new TreeMap<>()));
  }

  private static Mono<Boolean> within(Session session, UUID tenant) {
    return session.one(
        "SELECT set_config('stitchd.tenant', $1, true)", _ -> true, tenant.toString());
  }

  private static String path(Tenant tenant) {
    return "/tenants/" + tenant.key();
  }

  private static Mono<Tenant> find(Session session, String key, String lock) {
    return session
        .one("SELECT " + COLUMNS + " FROM tenants WHERE key = $1" + lock, Tenant::of, key)
        .switchIfEmpty(Mono.error(() -> new Problem.NotFound("there is no tenant '" + key + "'")));
  }

  private static KeyAndName read(JsonNode body, @Nullable String key) {
    var errors = new FieldErrors();
    var fields = JsonFields.of(body, "", errors);
    var wanted = KeyAndName.read(fields, key);
    fields.refuseOthers(ReadOnly.FIELDS);
    errors.throwIfAny();
    return wanted;
  }
}
