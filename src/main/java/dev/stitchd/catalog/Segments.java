package dev.stitchd.catalog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.revisionlog.PublishedRuleset;
import dev.stitchd.ruleset.Condition;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.SegmentBody;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Segments of an environment: named conditions that rules can use. Each publisher emits one value
/// or fails with a [Problem], on an R2DBC event loop.
@Component
public final class Segments {

  /// Most segments in an environment.
  static final int MAX_SEGMENTS = 5_000;

  private final Transactions transactions;
  private final Idempotency idempotency;

  Segments(Transactions transactions, Idempotency idempotency) {
    this.transactions = transactions;
    this.idempotency = idempotency;
  }

  /// An environment's segments with keys after `after`, in order, one more than `limit`.
  public Mono<List<Stored>> list(
      TenantId tenant, String project, String environment, String after, int limit) {
    return transactions.inTenant(
        tenant,
        session ->
            Lookup.environment(session, tenant, project, environment)
                .flatMap(id ->
                    session.all(
                        SegmentRow.SELECT
                            + " WHERE s.tenant_id = $1 AND s.environment_id = $2 AND s.key > $3 ORDER BY s.key LIMIT $4",
                        row -> stored(SegmentRow.of(row)),
                        tenant.value(),
                        id,
                        after,
                        limit + 1)));
  }

  /// One segment.
  public Mono<Stored> get(TenantId tenant, String project, String environment, String key) {
    return transactions.inTenant(
        tenant,
        session ->
            Lookup.environment(session, tenant, project, environment)
                .flatMap(id -> find(session, tenant, new EnvironmentId(id), key))
                .map(Segments::stored));
  }

  /// Creates a segment.
  public Mono<Written> create(Author author, String project, String environment, JsonNode body) {
    var wanted = read(body);
    return transactions.inTenant(
        author.tenant(),
        session ->
            idempotency.once(
                session,
                author,
                Environments.path(project, environment) + "/segments",
                body,
                () ->
                    locked(session, author, project, environment)
                        .flatMap(at -> create(session, author, project, at, wanted))));
  }

  /// Changes a segment; whoever uses it sees the change in the same revision.
  public Mono<Written> update(
      Author author, String project, String environment, String key, Edit edit) {
    return transactions.inTenant(
        author.tenant(),
        session ->
            locked(session, author, project, environment)
                .flatMap(at ->
                    find(session, author.tenant(), at.id(), key)
                        .flatMap(before -> update(session, author, project, at, before, edit))));
  }

  /// Deletes a segment that nothing uses.
  public Mono<Written> delete(
      Author author, String project, String environment, String key, long expected) {
    return transactions.inTenant(
        author.tenant(),
        session ->
            locked(session, author, project, environment)
                .flatMap(at ->
                    find(session, author.tenant(), at.id(), key)
                        .flatMap(row -> delete(session, author, project, at, row, expected))));
  }

  private static Mono<Written> create(
      Session session, Author author, String project, Locks.Locked at, SegmentBody wanted) {
    return session
        .one(
            "SELECT count(*) AS segments FROM segments WHERE tenant_id = $1 AND environment_id = $2",
            row -> Columns.number(row, "segments"),
            author.tenant().value(),
            at.id().value())
        .filter(count -> count < MAX_SEGMENTS)
        .switchIfEmpty(
            Mono.error(() ->
                new Problem.Conflict(
                    "too-many-segments",
                    "an environment holds at most " + MAX_SEGMENTS + " segments")))
        .then(
            session.run(
                "INSERT INTO segments (tenant_id, environment_id, key, name, description, context_type, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                author.tenant().value(),
                at.id().value(),
                wanted.key(),
                wanted.name(),
                wanted.description(),
                wanted.contextType(),
                author.name()))
        .then(find(session, author.tenant(), at.id(), wanted.key()))
        .delayUntil(made -> SegmentListRows.make(session, author.tenant(), at.id(), made))
        .flatMap(made -> putCondition(session, author, made, wanted.when()))
        .then(find(session, author.tenant(), at.id(), wanted.key()))
        .flatMap(made -> published(session, author, "create", project, at, null, made));
  }

  private static Mono<Written> update(
      Session session,
      Author author,
      String project,
      Locks.Locked at,
      SegmentRow before,
      Edit edit) {
    edit.check("segment '" + before.key() + "'", before.meta().version());
    var wanted = read(withKey(edit.body().apply(before.body()), before.key()));
    if (!wanted.key().equals(before.key())) {
      return Mono.error(
          new Problem.Invalid(
              List.of(new FieldError("key", "cannot be changed; it is '" + before.key() + "'"))));
    }
    if (before.list() != null && !wanted.contextType().equals(before.contextType())) {
      return Mono.error(
          new Problem.Invalid(
              List.of(
                  new FieldError(
                      "contextType",
                      "cannot be changed once there are members; they are of type '"
                          + before.contextType()
                          + "'"))));
    }
    return session
        .run(
            "UPDATE segments SET name = $3, description = $4, context_type = $5, version = version + 1, updated_at = now() WHERE tenant_id = $1 AND id = $2",
            author.tenant().value(),
            before.meta().id(),
            wanted.name(),
            wanted.description(),
            wanted.contextType())
        .then(putCondition(session, author, before, wanted.when()))
        .then(find(session, author.tenant(), at.id(), before.key()))
        .flatMap(after -> published(session, author, "update", project, at, before, after));
  }

  private static Mono<Written> delete(
      Session session,
      Author author,
      String project,
      Locks.Locked at,
      SegmentRow row,
      long expected) {
    Edit.deletion(expected).check("segment '" + row.key() + "'", row.meta().version());
    var revisions = new TreeMap<>(Map.of(at.key(), at.revision()));
    return PublishedRuleset.checkUnused(
            session, at.at(author.tenant()), at.key(), ItemName.segment(row.key()))
        .then(
            session.run(
                "DELETE FROM segments WHERE tenant_id = $1 AND id = $2",
                author.tenant().value(),
                row.meta().id()))
        .then(
            Publication.publish(session, author, at, List.of(ItemChange.segment(row.key(), null))))
        .then(
            Audit.note(
                session,
                author,
                "delete",
                path(project, at, row.key()),
                revisions,
                row.body(),
                null))
        .thenReturn(new Written(row.body(), row.meta().version(), revisions));
  }

  private static Mono<Long> putCondition(
      Session session, Author author, SegmentRow segment, @Nullable Condition when) {
    return when == null
        ? session.run(
            "DELETE FROM segment_rules WHERE tenant_id = $1 AND segment_id = $2",
            author.tenant().value(),
            segment.meta().id())
        : session.run(
            """
            INSERT INTO segment_rules (tenant_id, segment_id, condition) VALUES ($1, $2, $3::json)
            ON CONFLICT (tenant_id, segment_id) DO UPDATE SET condition = excluded.condition
            """,
            author.tenant().value(),
            segment.meta().id(),
            Json.write(when.toJson()));
  }

  private static Mono<Written> published(
      Session session,
      Author author,
      String action,
      String project,
      Locks.Locked at,
      @Nullable SegmentRow before,
      SegmentRow after) {
    var revisions = new TreeMap<>(Map.of(at.key(), at.revision()));
    return PublishedRuleset.check(session, at.at(author.tenant()), after.change(), "")
        .then(Publication.publish(session, author, at, List.of(after.change())))
        .then(
            Audit.note(
                session,
                author,
                action,
                path(project, at, after.key()),
                revisions,
                before == null ? null : before.body(),
                after.body()))
        .thenReturn(new Written(after.body(), after.meta().version(), revisions));
  }

  private static Mono<Locks.Locked> locked(
      Session session, Author author, String project, String environment) {
    return Locks.projectShared(session, author.tenant(), project)
        .flatMap(projectId -> Locks.environment(session, author.tenant(), projectId, environment));
  }

  private static Mono<SegmentRow> find(
      Session session, TenantId tenant, EnvironmentId environment, String key) {
    return session
        .one(
            SegmentRow.SELECT + " WHERE s.tenant_id = $1 AND s.environment_id = $2 AND s.key = $3",
            SegmentRow::of,
            tenant.value(),
            environment.value(),
            key)
        .switchIfEmpty(
            Mono.error(() ->
                new Problem.NotFound("there is no segment '" + key + "' in this environment")));
  }

  private static SegmentBody read(JsonNode body) {
    var errors = new FieldErrors();
    var wanted = SegmentBody.read(body, "", errors);
    errors.throwIfAny();
    return wanted;
  }

  /// A replacement may leave the key out: the path has it.
  private static JsonNode withKey(JsonNode body, String key) {
    return body instanceof ObjectNode object && !object.has("key")
        ? object.deepCopy().put("key", key)
        : body;
  }

  private static String path(String project, Locks.Locked at, String key) {
    return Environments.path(project, at.key()) + "/segments/" + key;
  }

  private static Stored stored(SegmentRow row) {
    return new Stored(row.key(), row.body(), row.meta().version());
  }
}
