package dev.stitchd.catalog;

import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.revisionlog.RevisionLog;
import io.r2dbc.spi.Readable;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// SDK keys of an environment. Only hashes come here; whoever makes a key shows it once and forgets
/// it. Each publisher emits one value or fails with a [Problem], on an R2DBC event loop.
@Component
public final class SdkKeys {

  private static final String COLUMNS =
      "id, name, kind, version, created_at, created_by, created_at AS updated_at, revoked_at";

  private record SdkKey(String name, String kind, @Nullable Instant revokedAt, Versioned meta) {
    static SdkKey of(Readable row) {
      return new SdkKey(
          Columns.text(row, "name"),
          Columns.text(row, "kind"),
          Versioned.instantOrNull(row, "revoked_at"),
          Versioned.of(row));
    }

    ObjectNode body() {
      var body =
          Json.object()
              .put("id", meta.id().toString())
              .put("name", name)
              .put("kind", kind)
              .put("version", meta.version())
              .put("createdAt", Versioned.timestamp(meta.createdAt()))
              .put("createdBy", meta.createdBy());
      if (revokedAt != null) {
        body.put("revokedAt", Versioned.timestamp(revokedAt));
      }
      return body;
    }

    Stored stored() {
      return new Stored(meta.id().toString(), body(), meta.version());
    }
  }

  private final Transactions transactions;

  SdkKeys(Transactions transactions) {
    this.transactions = transactions;
  }

  /// An environment's keys, revoked ones too, by id after `after`, one more than `limit`; never the
  /// keys themselves.
  public Mono<List<Stored>> list(
      TenantId tenant, String project, String environment, String after, int limit) {
    return transactions.inTenant(
        tenant,
        session ->
            Lookup.environment(session, tenant, project, environment)
                .flatMap(id ->
                    session.all(
                        "SELECT "
                            + COLUMNS
                            + " FROM sdk_keys WHERE tenant_id = $1 AND environment_id = $2 AND id::text > $3 ORDER BY id::text LIMIT $4",
                        row -> SdkKey.of(row).stored(),
                        tenant.value(),
                        id,
                        after,
                        limit + 1)));
  }

  /// One key, revoked or not; never the key itself.
  public Mono<Stored> get(TenantId tenant, String project, String environment, UUID id) {
    return transactions.inTenant(
        tenant,
        session ->
            Lookup.environment(session, tenant, project, environment)
                .flatMap(environmentId ->
                    session.one(
                        "SELECT "
                            + COLUMNS
                            + " FROM sdk_keys WHERE tenant_id = $1 AND environment_id = $2 AND id = $3",
                        row -> SdkKey.of(row).stored(),
                        tenant.value(),
                        environmentId,
                        id))
                .switchIfEmpty(Mono.error(SdkKeys::noSuchKey)));
  }

  /// Keeps a new key.
  ///
  /// @param kind `server` or `client`
  /// @param hash SHA-256 of the key
  public Mono<Written> create(
      Author author, String project, String environment, String name, String kind, byte[] hash) {
    return transactions.inTenant(
        author.tenant(),
        session ->
            locked(session, author, project, environment)
                .flatMap(at ->
                    session
                        .one(
                            "INSERT INTO sdk_keys (tenant_id, environment_id, name, kind, hash, created_by) VALUES ($1, $2, $3, $4, $5, $6) RETURNING "
                                + COLUMNS,
                            SdkKey::of,
                            author.tenant().value(),
                            at.id().value(),
                            name,
                            kind,
                            ByteBuffer.wrap(hash),
                            author.name())
                        .flatMap(
                            made -> audited(session, author, "create", project, at, null, made))));
  }

  /// Revokes a key; its streams end on every node. Revoking a revoked key changes nothing.
  ///
  /// @param force whether the environment's last active key may go too
  public Mono<Void> revoke(
      Author author, String project, String environment, UUID id, boolean force) {
    return transactions
        .inTenant(
            author.tenant(),
            session ->
                locked(session, author, project, environment)
                    .flatMap(at -> revoke(session, author, project, at, id, force)))
        .then();
  }

  private static Problem noSuchKey() {
    return new Problem.NotFound("there is no such key in this environment");
  }

  private static Mono<Written> revoke(
      Session session, Author author, String project, Locks.Locked at, UUID id, boolean force) {
    return session
        .all(
            "SELECT "
                + COLUMNS
                + " FROM sdk_keys WHERE tenant_id = $1 AND environment_id = $2 FOR UPDATE",
            SdkKey::of,
            author.tenant().value(),
            at.id().value())
        .flatMap(keys -> {
          var key = keys.stream().filter(k -> k.meta().id().equals(id)).findFirst();
          if (key.isEmpty()) {
            return Mono.error(noSuchKey());
          }
          if (key.get().revokedAt() != null) {
            return Mono.empty();
          }
          var othersActive =
              keys.stream().anyMatch(k -> k.revokedAt() == null && !k.meta().id().equals(id));
          if (!othersActive && !force) {
            return Mono.error(
                new Problem.Conflict(
                    "last-key",
                    "this is the environment's last active key; create another first, or repeat with ?force=true"));
          }
          return revoke(session, author, project, at, key.get());
        });
  }

  private static Mono<Written> revoke(
      Session session, Author author, String project, Locks.Locked at, SdkKey before) {
    return session
        .one(
            "UPDATE sdk_keys SET revoked_at = now(), version = version + 1 WHERE tenant_id = $1 AND id = $2 RETURNING "
                + COLUMNS,
            SdkKey::of,
            author.tenant().value(),
            before.meta().id())
        .flatMap(after -> audited(session, author, "revoke", project, at, before, after));
  }

  private static Mono<Locks.Locked> locked(
      Session session, Author author, String project, String environment) {
    return Locks.projectShared(session, author.tenant(), project)
        .flatMap(
            projectId -> Locks.environmentAccess(session, author.tenant(), projectId, environment));
  }

  private static Mono<Written> audited(
      Session session,
      Author author,
      String action,
      String project,
      Locks.Locked at,
      @Nullable SdkKey before,
      SdkKey after) {
    var path = Environments.path(project, at.key()) + "/sdk-keys/" + after.meta().id();
    return Audit.note(
            session,
            author,
            action,
            path,
            Map.of(),
            before == null ? null : before.body(),
            after.body())
        .then(RevisionLog.announce(session, at.at(author.tenant())))
        .thenReturn(new Written(after.body(), after.meta().version(), new TreeMap<>()));
  }
}
