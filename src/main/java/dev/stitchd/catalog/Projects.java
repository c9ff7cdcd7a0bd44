package dev.stitchd.catalog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.JsonFields;
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
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Projects: what flags belong to. Each publisher emits one value or fails with a [Problem], on an
/// R2DBC event loop.
@Component
public final class Projects {

  private static final String COLUMNS =
      "id, key, name, version, created_at, created_by, updated_at";

  private record Project(String key, String name, Versioned meta) {
    static Project of(Readable row) {
      return new Project(Columns.text(row, "key"), Columns.text(row, "name"), Versioned.of(row));
    }

    ObjectNode body() {
      return meta.into(Json.object().put("key", key).put("name", name));
    }

    Stored stored() {
      return new Stored(key, body(), meta.version());
    }

    Written written() {
      return new Written(body(), meta.version(), new TreeMap<>());
    }
  }

  private final Transactions transactions;
  private final Idempotency idempotency;

  Projects(Transactions transactions, Idempotency idempotency) {
    this.transactions = transactions;
    this.idempotency = idempotency;
  }

  /// Projects with keys after `after`, in order, one more than `limit`.
  public Mono<List<Stored>> list(TenantId tenant, String after, int limit) {
    return transactions.inTenant(
        tenant,
        session ->
            session.all(
                "SELECT "
                    + COLUMNS
                    + " FROM projects WHERE tenant_id = $1 AND key > $2 ORDER BY key LIMIT $3",
                row -> Project.of(row).stored(),
                tenant.value(),
                after,
                limit + 1));
  }

  /// One project.
  public Mono<Stored> get(TenantId tenant, String key) {
    return transactions.inTenant(
        tenant, session -> find(session, tenant, key).map(Project::stored));
  }

  /// Creates a project from `{"key", "name"}`.
  public Mono<Written> create(Author author, JsonNode body) {
    var wanted = read(body, null);
    return transactions.inTenant(
        author.tenant(),
        session ->
            idempotency.once(
                session, author, "/projects", body, () -> insert(session, author, wanted)));
  }

  /// Changes a project's name.
  public Mono<Written> update(Author author, String key, Edit edit) {
    return transactions.inTenant(
        author.tenant(),
        session ->
            Locks.projectExclusive(session, author.tenant(), key)
                .then(find(session, author.tenant(), key))
                .flatMap(before -> update(session, author, before, edit)));
  }

  /// Deletes a project with everything in it; streams of its environments end.
  public Mono<Void> delete(Author author, String key, long expected) {
    return transactions
        .inTenant(
            author.tenant(),
            session ->
                Locks.projectExclusive(session, author.tenant(), key)
                    .then(find(session, author.tenant(), key))
                    .flatMap(project -> delete(session, author, project, expected)))
        .then();
  }

  static String path(String project) {
    return "/projects/" + project;
  }

  private static Mono<Written> insert(Session session, Author author, KeyAndName wanted) {
    return session
        .one(
            "INSERT INTO projects (tenant_id, key, name, created_by) VALUES ($1, $2, $3, $4) RETURNING "
                + COLUMNS,
            Project::of,
            author.tenant().value(),
            wanted.key(),
            wanted.name(),
            author.name())
        .flatMap(made ->
            Audit.note(session, author, "create", path(made.key()), Map.of(), null, made.body())
                .thenReturn(made.written()));
  }

  private Mono<Written> update(Session session, Author author, Project before, Edit edit) {
    edit.check("project '" + before.key() + "'", before.meta().version());
    var wanted = read(edit.body().apply(before.body()), before.key());
    return session
        .one(
            "UPDATE projects SET name = $3, version = version + 1, updated_at = now() WHERE tenant_id = $1 AND id = $2 RETURNING "
                + COLUMNS,
            Project::of,
            author.tenant().value(),
            before.meta().id(),
            wanted.name())
        .flatMap(after ->
            Audit.note(
                    session,
                    author,
                    "update",
                    path(after.key()),
                    Map.of(),
                    before.body(),
                    after.body())
                .thenReturn(after.written()));
  }

  private Mono<Boolean> delete(Session session, Author author, Project project, long expected) {
    Edit.deletion(expected).check("project '" + project.key() + "'", project.meta().version());
    return session
        .all(
            "SELECT id FROM environments WHERE tenant_id = $1 AND project_id = $2 ORDER BY id FOR UPDATE",
            row -> new EnvironmentId(Columns.uuid(row, "id")),
            author.tenant().value(),
            project.meta().id())
        .flatMapMany(Flux::fromIterable)
        .concatMap(environment -> RevisionLog.announceRemoval(session, environment))
        .then(
            session.run(
                "DELETE FROM projects WHERE tenant_id = $1 AND id = $2",
                author.tenant().value(),
                project.meta().id()))
        .then(
            Audit.note(
                session, author, "delete", path(project.key()), Map.of(), project.body(), null))
        .thenReturn(true);
  }

  private static Mono<Project> find(Session session, TenantId tenant, String key) {
    return session
        .one(
            "SELECT " + COLUMNS + " FROM projects WHERE tenant_id = $1 AND key = $2",
            Project::of,
            tenant.value(),
            key)
        .switchIfEmpty(Mono.error(() -> new Problem.NotFound("there is no project '" + key + "'")));
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
