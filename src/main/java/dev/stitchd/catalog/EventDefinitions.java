package dev.stitchd.catalog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.revisionlog.RevisionLog;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// The events that an environment lets its SDKs track. A change is no revision, since no published
/// item changes; it raises the access version, by which every node learns of it. Each publisher
/// emits one value or fails with a [Problem], on an R2DBC event loop.
@Component
public final class EventDefinitions {

  /// Most event definitions in an environment.
  public static final int MAX_DEFINITIONS = 1_000;

  private static final String REGISTRAR = "auto-registration";
  private static final String KEYS =
      """
      SELECT p.key AS project, e.key AS environment
        FROM environments e JOIN projects p ON p.tenant_id = e.tenant_id AND p.id = e.project_id
       WHERE e.tenant_id = $1 AND e.id = $2
      """;

  private final Transactions transactions;
  private final Idempotency idempotency;

  EventDefinitions(Transactions transactions, Idempotency idempotency) {
    this.transactions = transactions;
    this.idempotency = idempotency;
  }

  /// An environment's definitions with keys after `after`, in order, one more than `limit`.
  public Mono<List<Stored>> list(
      TenantId tenant, String project, String environment, String after, int limit) {
    return transactions.inTenant(
        tenant,
        session ->
            Lookup.environment(session, tenant, project, environment)
                .flatMap(id -> EventDefinitionRow.page(session, tenant, id, after, limit))
                .map(rows -> rows.stream().map(EventDefinitionRow::stored).toList()));
  }

  /// One definition.
  public Mono<Stored> get(TenantId tenant, String project, String environment, String key) {
    return transactions.inTenant(
        tenant,
        session ->
            Lookup.environment(session, tenant, project, environment)
                .flatMap(id -> EventDefinitionRow.find(session, tenant, id, key))
                .map(EventDefinitionRow::stored));
  }

  /// Creates a definition.
  public Mono<Written> create(Author author, String project, String environment, JsonNode body) {
    var wanted = EventDefinitionBody.read(body, null);
    return transactions.inTenant(
        author.tenant(),
        session ->
            idempotency.once(
                session,
                author,
                Environments.path(project, environment) + "/event-definitions",
                body,
                () ->
                    locked(session, author, project, environment)
                        .flatMap(at -> create(session, author, project, at, wanted))));
  }

  /// Changes a definition.
  public Mono<Written> update(
      Author author, String project, String environment, String key, Edit edit) {
    return transactions.inTenant(
        author.tenant(),
        session ->
            locked(session, author, project, environment)
                .flatMap(at ->
                    EventDefinitionRow.find(session, author.tenant(), at.id().value(), key)
                        .flatMap(row -> update(session, author, project, at, row, edit))));
  }

  /// Deletes a definition; what was tracked stays in the event store.
  public Mono<Void> delete(
      Author author, String project, String environment, String key, long expected) {
    return transactions
        .inTenant(
            author.tenant(),
            session ->
                locked(session, author, project, environment)
                    .flatMap(at ->
                        EventDefinitionRow.find(session, author.tenant(), at.id().value(), key)
                            .flatMap(row -> delete(session, author, project, at, row, expected))))
        .then();
  }

  /// Defines events that were seen and are not defined, as far as there is room, each with an
  /// optional value and any properties. Emits how many that were.
  public Mono<Integer> register(
      TenantId tenant, EnvironmentId environment, Collection<String> keys) {
    var author = new Author(tenant, REGISTRAR, null, null);
    return transactions
        .inTenant(
            tenant,
            session ->
                EventDefinitionRow.undefined(
                        session, tenant, environment.value(), List.copyOf(keys))
                    .filter(missing -> !missing.isEmpty())
                    .flatMap(missing -> register(session, author, environment, missing)))
        .defaultIfEmpty(0);
  }

  private static Mono<Integer> register(
      Session session, Author author, EnvironmentId environment, List<String> keys) {
    return session
        .one(
            KEYS,
            row -> List.of(Columns.text(row, "project"), Columns.text(row, "environment")),
            author.tenant().value(),
            environment.value())
        .flatMap(path ->
            locked(session, author, path.getFirst(), path.getLast())
                .flatMap(at -> register(session, author, path.getFirst(), at, keys)));
  }

  /// Another node may have been faster, so what is missing is looked up again under the lock.
  private static Mono<Integer> register(
      Session session, Author author, String project, Locks.Locked at, List<String> keys) {
    var tenant = author.tenant();
    var environment = at.id().value();
    return EventDefinitionRow.count(session, tenant, environment)
        .flatMap(count ->
            EventDefinitionRow.undefined(session, tenant, environment, keys)
                .flatMapIterable(missing -> missing)
                .take(Math.max(0, MAX_DEFINITIONS - count))
                .concatMap(key -> insert(session, author, project, at, seen(key)))
                .count())
        .flatMap(made ->
            RevisionLog.announce(session, at.at(author.tenant())).thenReturn(made.intValue()));
  }

  private static EventDefinitionBody seen(String key) {
    return new EventDefinitionBody(new KeyAndName(key, key), null, EventValue.OPTIONAL, null, null);
  }

  private static Mono<Written> create(
      Session session, Author author, String project, Locks.Locked at, EventDefinitionBody wanted) {
    return EventDefinitionRow.count(session, author.tenant(), at.id().value())
        .filter(count -> count < MAX_DEFINITIONS)
        .switchIfEmpty(
            Mono.error(() ->
                new Problem.Conflict(
                    "too-many-event-definitions",
                    "an environment holds at most " + MAX_DEFINITIONS + " event definitions")))
        .then(Mono.defer(() -> insert(session, author, project, at, wanted)))
        .flatMap(made -> announced(session, author, at, made));
  }

  private static Mono<EventDefinitionRow> insert(
      Session session, Author author, String project, Locks.Locked at, EventDefinitionBody wanted) {
    return EventDefinitionRow.insert(session, author, at.id().value(), wanted)
        .flatMap(
            made -> audited(session, author, "create", project, at, null, made).thenReturn(made));
  }

  private static Mono<Written> update(
      Session session,
      Author author,
      String project,
      Locks.Locked at,
      EventDefinitionRow before,
      Edit edit) {
    edit.check("event '" + before.key() + "'", before.meta().version());
    var wanted = EventDefinitionBody.read(edit.body().apply(before.body()), before.key());
    return before
        .replace(session, author, wanted)
        .flatMap(after ->
            audited(session, author, "update", project, at, before, after).thenReturn(after))
        .flatMap(after -> announced(session, author, at, after));
  }

  private static Mono<Boolean> delete(
      Session session,
      Author author,
      String project,
      Locks.Locked at,
      EventDefinitionRow row,
      long expected) {
    Edit.deletion(expected).check("event '" + row.key() + "'", row.meta().version());
    return row.delete(session, author)
        .then(audited(session, author, "delete", project, at, row, null))
        .then(RevisionLog.announce(session, at.at(author.tenant())))
        .thenReturn(true);
  }

  private static Mono<Written> announced(
      Session session, Author author, Locks.Locked at, EventDefinitionRow row) {
    return RevisionLog.announce(session, at.at(author.tenant()))
        .thenReturn(new Written(row.body(), row.meta().version(), new TreeMap<>()));
  }

  private static Mono<Void> audited(
      Session session,
      Author author,
      String action,
      String project,
      Locks.Locked at,
      @Nullable EventDefinitionRow before,
      @Nullable EventDefinitionRow after) {
    var key = before == null ? after == null ? "" : after.key() : before.key();
    return Audit.note(
        session,
        author,
        action,
        Environments.path(project, at.key()) + "/event-definitions/" + key,
        Map.of(),
        before == null ? null : before.body(),
        after == null ? null : after.body());
  }

  private static Mono<Locks.Locked> locked(
      Session session, Author author, String project, String environment) {
    return Locks.projectShared(session, author.tenant(), project)
        .flatMap(id -> Locks.environmentAccess(session, author.tenant(), id, environment));
  }
}
