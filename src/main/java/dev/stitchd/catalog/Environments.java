package dev.stitchd.catalog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.revisionlog.RevisionLog;
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

/// Environments: where a project's flags decide, each with its own revision. Each publisher emits
/// one value or fails with a [Problem], on an R2DBC event loop.
@Component
public final class Environments {

  private static final String COLUMNS =
      "id, project_id, key, name, production, settings::text AS settings, revision, access_version, version, created_at, created_by, updated_at";

  private record Environment(
      UUID projectId,
      String key,
      String name,
      boolean production,
      JsonNode settings,
      long revision,
      long accessVersion,
      Versioned meta) {

    static Environment of(Readable row) {
      return new Environment(
          Columns.uuid(row, "project_id"),
          Columns.text(row, "key"),
          Columns.text(row, "name"),
          Columns.bool(row, "production"),
          Columns.json(row, "settings"),
          Columns.number(row, "revision"),
          Columns.number(row, "access_version"),
          Versioned.of(row));
    }

    ObjectNode body() {
      var body = Json.object().put("key", key).put("name", name).put("production", production);
      body.set("settings", settings);
      return meta.into(body.put("revision", revision));
    }

    EnvironmentId id() {
      return new EnvironmentId(meta.id());
    }

    Stored stored() {
      return new Stored(key, body(), meta.version());
    }

    Written written() {
      return new Written(body(), meta.version(), new TreeMap<>());
    }
  }

  private final Transactions transactions;
  private final FlagItems flagItems;
  private final Idempotency idempotency;

  Environments(Transactions transactions, FlagItems flagItems, Idempotency idempotency) {
    this.transactions = transactions;
    this.flagItems = flagItems;
    this.idempotency = idempotency;
  }

  /// A project's environments with keys after `after`, in order, one more than `limit`.
  public Mono<List<Stored>> list(TenantId tenant, String project, String after, int limit) {
    return transactions.inTenant(
        tenant,
        session ->
            Lookup.project(session, tenant, project)
                .flatMap(id ->
                    session.all(
                        "SELECT "
                            + COLUMNS
                            + " FROM environments WHERE tenant_id = $1 AND project_id = $2 AND key > $3 ORDER BY key LIMIT $4",
                        row -> Environment.of(row).stored(),
                        tenant.value(),
                        id,
                        after,
                        limit + 1)));
  }

  /// One environment.
  public Mono<Stored> get(TenantId tenant, String project, String key) {
    return transactions.inTenant(
        tenant,
        session ->
            Lookup.project(session, tenant, project)
                .flatMap(id -> find(session, tenant, id, key))
                .map(Environment::stored));
  }

  /// The identity of an environment, for questions that other stores answer.
  public Mono<EnvironmentId> id(TenantId tenant, String project, String key) {
    return transactions.inTenant(
        tenant,
        session ->
            Lookup.project(session, tenant, project)
                .flatMap(id -> find(session, tenant, id, key))
                .map(Environment::id));
  }

  /// Creates an environment; the project's flags are published in it, all off, as its first
  /// revision.
  public Mono<Written> create(Author author, String project, JsonNode body) {
    var wanted = EnvironmentBody.read(body, null);
    return transactions.inTenant(
        author.tenant(),
        session ->
            idempotency.once(
                session,
                author,
                Projects.path(project) + "/environments",
                body,
                () ->
                    Locks.projectExclusive(session, author.tenant(), project)
                        .flatMap(
                            projectId -> insert(session, author, project, projectId, wanted))));
  }

  /// Changes name, kind or settings; not a revision, since no item changes.
  public Mono<Written> update(Author author, String project, String key, Edit edit) {
    return transactions.inTenant(
        author.tenant(),
        session ->
            Locks.projectShared(session, author.tenant(), project)
                .flatMap(
                    projectId -> Locks.environmentAccess(session, author.tenant(), projectId, key))
                .flatMap(at -> update(session, author, project, at, edit)));
  }

  /// Deletes an environment with its targeting, keys and segments; its streams end.
  public Mono<Void> delete(Author author, String project, String key, long expected) {
    return transactions
        .inTenant(
            author.tenant(),
            session ->
                Locks.projectExclusive(session, author.tenant(), project)
                    .flatMap(projectId -> find(session, author.tenant(), projectId, key))
                    .flatMap(
                        environment -> delete(session, author, project, environment, expected)))
        .then();
  }

  static String path(String project, String environment) {
    return Projects.path(project) + "/environments/" + environment;
  }

  private Mono<Written> insert(
      Session session, Author author, String project, UUID projectId, EnvironmentBody wanted) {
    return session
        .one(
            "INSERT INTO environments (tenant_id, project_id, key, name, production, settings, revision, created_by) VALUES ($1, $2, $3, $4, $5, $6::jsonb, 1, $7) RETURNING "
                + COLUMNS,
            Environment::of,
            author.tenant().value(),
            projectId,
            wanted.named().key(),
            wanted.named().name(),
            wanted.production(),
            Json.write(wanted.settings()),
            author.name())
        .flatMap(made ->
            publishFlags(session, author, made)
                .then(audited(session, author, "create", project, null, made))
                .thenReturn(made.written()));
  }

  private Mono<Void> publishFlags(Session session, Author author, Environment made) {
    var at =
        new Locks.Locked(
            made.id(), made.projectId(), made.key(), made.revision(), made.accessVersion());
    return flagItems
        .startAll(session, author, at)
        .flatMap(changes -> Publication.publish(session, author, at, changes));
  }

  private Mono<Written> update(
      Session session, Author author, String project, Locks.Locked at, Edit edit) {
    return find(session, author.tenant(), at.projectId(), at.key())
        .flatMap(before -> {
          edit.check("environment '" + before.key() + "'", before.meta().version());
          var wanted = EnvironmentBody.read(edit.body().apply(before.body()), before.key());
          return replace(session, author, before, wanted)
              .flatMap(after ->
                  audited(session, author, "update", project, before, after)
                      .then(RevisionLog.announce(session, at.at(author.tenant())))
                      .thenReturn(after.written()));
        });
  }

  private static Mono<Environment> replace(
      Session session, Author author, Environment before, EnvironmentBody wanted) {
    return session.one(
        "UPDATE environments SET name = $3, production = $4, settings = $5::jsonb, version = version + 1, updated_at = now() WHERE tenant_id = $1 AND id = $2 RETURNING "
            + COLUMNS,
        Environment::of,
        author.tenant().value(),
        before.meta().id(),
        wanted.named().name(),
        wanted.production(),
        Json.write(wanted.settings()));
  }

  private static Mono<Boolean> delete(
      Session session, Author author, String project, Environment environment, long expected) {
    Edit.deletion(expected)
        .check("environment '" + environment.key() + "'", environment.meta().version());
    return session
        .run(
            "DELETE FROM environments WHERE tenant_id = $1 AND id = $2",
            author.tenant().value(),
            environment.meta().id())
        .then(RevisionLog.announceRemoval(session, environment.id()))
        .then(
            Audit.note(
                session,
                author,
                "delete",
                path(project, environment.key()),
                Map.of(),
                environment.body(),
                null))
        .thenReturn(true);
  }

  private static Mono<Void> audited(
      Session session,
      Author author,
      String action,
      String project,
      @Nullable Environment before,
      Environment after) {
    return Audit.note(
        session,
        author,
        action,
        path(project, after.key()),
        before == null ? Map.of(after.key(), after.revision()) : Map.of(),
        before == null ? null : before.body(),
        after.body());
  }

  private static Mono<Environment> find(
      Session session, TenantId tenant, UUID projectId, String key) {
    return session
        .one(
            "SELECT "
                + COLUMNS
                + " FROM environments WHERE tenant_id = $1 AND project_id = $2 AND key = $3",
            Environment::of,
            tenant.value(),
            projectId,
            key)
        .switchIfEmpty(
            Mono.error(() ->
                new Problem.NotFound("there is no environment '" + key + "' in this project")));
  }
}
