package dev.stitchd.catalog;

import dev.stitchd.kernel.FieldError;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.revisionlog.ItemChange;
import dev.stitchd.revisionlog.PublishedRuleset;
import dev.stitchd.ruleset.ItemName;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Flags: key, type, variants and what people say about them. A change makes a revision in every
/// environment of the project, in one transaction. Each publisher emits one value or fails with a
/// [Problem], on an R2DBC event loop.
@Component
public final class Flags {

  /// Most flags in a project, and so in an environment.
  static final int MAX_FLAGS = 5_000;

  private final Transactions transactions;
  private final FlagItems items;
  private final Idempotency idempotency;

  Flags(Transactions transactions, FlagItems items, Idempotency idempotency) {
    this.transactions = transactions;
    this.items = items;
    this.idempotency = idempotency;
  }

  /// A project's flags with keys after `after`, in order, one more than `limit`.
  public Mono<List<Stored>> list(
      TenantId tenant, String project, FlagFilter filter, String after, int limit) {
    return transactions.inTenant(
        tenant,
        session ->
            Lookup.project(session, tenant, project)
                .flatMap(id -> FlagRow.page(session, tenant, id, filter, after, limit))
                .map(rows -> rows.stream().map(Flags::stored).toList()));
  }

  /// One flag.
  public Mono<Stored> get(TenantId tenant, String project, String key) {
    return transactions.inTenant(
        tenant,
        session ->
            Lookup.project(session, tenant, project)
                .flatMap(id -> FlagRow.find(session, tenant, id, key))
                .map(Flags::stored));
  }

  /// Creates a flag, off in every environment.
  public Mono<Written> create(Author author, String project, JsonNode body) {
    var wanted = FlagBody.read(body, null);
    if (wanted.archived()) {
      return Mono.error(
          new Problem.Invalid(
              List.of(new FieldError("archived", "a new flag cannot be archived"))));
    }
    return transactions.inTenant(
        author.tenant(),
        session ->
            idempotency.once(
                session,
                author,
                Projects.path(project) + "/flags",
                body,
                () ->
                    Locks.projectExclusive(session, author.tenant(), project)
                        .flatMap(
                            projectId -> create(session, author, project, projectId, wanted))));
  }

  /// Changes a flag; refused if a variant that goes is still given somewhere, or if it is archived
  /// while others need it.
  public Mono<Written> update(Author author, String project, String key, Edit edit) {
    return transactions.inTenant(
        author.tenant(),
        session ->
            Locks.projectExclusive(session, author.tenant(), project)
                .flatMap(projectId ->
                    Locks.environments(session, author.tenant(), projectId)
                        .flatMap(
                            at -> update(session, author, project, projectId, key, at, edit))));
  }

  /// Deletes a flag in every environment, unless others need it.
  public Mono<Written> delete(Author author, String project, String key, long expected) {
    return transactions.inTenant(
        author.tenant(),
        session ->
            Locks.projectExclusive(session, author.tenant(), project)
                .flatMap(projectId ->
                    Locks.environments(session, author.tenant(), projectId)
                        .flatMap(at ->
                            FlagRow.find(session, author.tenant(), projectId, key)
                                .flatMap(flag ->
                                    delete(session, author, project, flag, at, expected)))));
  }

  static String path(String project, String flag) {
    return Projects.path(project) + "/flags/" + flag;
  }

  private Mono<Written> create(
      Session session, Author author, String project, UUID projectId, FlagBody wanted) {
    return FlagRow.count(session, author.tenant(), projectId)
        .filter(count -> count < MAX_FLAGS)
        .switchIfEmpty(
            Mono.error(() ->
                new Problem.Conflict(
                    "too-many-flags",
                    "a project holds at most "
                        + MAX_FLAGS
                        + " flags; archive does not help, delete some")))
        .then(Locks.environments(session, author.tenant(), projectId))
        .flatMap(at ->
            FlagRow.insert(session, author, projectId, wanted)
                .then(FlagRow.find(session, author.tenant(), projectId, wanted.named().key()))
                .flatMap(made ->
                    Flux.fromIterable(at)
                        .concatMap(environment ->
                            items
                                .start(session, author, made, environment)
                                .flatMap(change ->
                                    Publication.publish(
                                        session, author, environment, List.of(change))))
                        .then(audited(session, author, "create", project, at, null, made))));
  }

  private Mono<Written> update(
      Session session,
      Author author,
      String project,
      UUID projectId,
      String key,
      List<Locks.Locked> at,
      Edit edit) {
    return FlagRow.find(session, author.tenant(), projectId, key)
        .flatMap(before -> {
          edit.check("flag '" + key + "'", before.meta().version());
          var wanted = FlagBody.read(edit.body().apply(before.body()), before);
          return before
              .update(session, author, wanted)
              .then(FlagRow.find(session, author.tenant(), projectId, key))
              .flatMap(after ->
                  republish(session, author, at, before, after)
                      .then(audited(session, author, "update", project, at, before, after)));
        });
  }

  private Mono<Void> republish(
      Session session, Author author, List<Locks.Locked> at, FlagRow before, FlagRow after) {
    return Flux.fromIterable(at)
        .concatMap(environment ->
            items
                .current(session, author, after, environment)
                .flatMap(change ->
                    checked(session, author, environment, before, after, change)
                        .then(Publication.publish(session, author, environment, List.of(change)))))
        .then();
  }

  /// Reading all items is worth it only if this change can break a reference.
  private static Mono<Void> checked(
      Session session,
      Author author,
      Locks.Locked at,
      FlagRow before,
      FlagRow after,
      ItemChange change) {
    if (after.archived() && !before.archived()) {
      return PublishedRuleset.checkUnused(
          session, at.at(author.tenant()), at.key(), ItemName.flag(after.key()));
    }
    var sameReferences =
        before.archived() == after.archived()
            && after.shape().variants().keySet().containsAll(before.shape().variants().keySet());
    return sameReferences || after.archived()
        ? Mono.empty()
        : PublishedRuleset.check(
            session, at.at(author.tenant()), change, "environments." + at.key());
  }

  private static Mono<Written> delete(
      Session session,
      Author author,
      String project,
      FlagRow flag,
      List<Locks.Locked> at,
      long expected) {
    Edit.deletion(expected).check("flag '" + flag.key() + "'", flag.meta().version());
    return Flux.fromIterable(at)
        .concatMap(environment ->
            PublishedRuleset.checkUnused(
                    session,
                    environment.at(author.tenant()),
                    environment.key(),
                    ItemName.flag(flag.key()))
                .then(
                    Publication.publish(
                        session, author, environment, List.of(ItemChange.flag(flag.key(), null)))))
        .then(
            session.run(
                "DELETE FROM feature_flags WHERE tenant_id = $1 AND id = $2",
                author.tenant().value(),
                flag.id()))
        .then(
            Audit.note(
                session,
                author,
                "delete",
                path(project, flag.key()),
                revisions(at),
                flag.body(),
                null))
        .thenReturn(new Written(flag.body(), flag.meta().version(), revisions(at)));
  }

  private static Mono<Written> audited(
      Session session,
      Author author,
      String action,
      String project,
      List<Locks.Locked> at,
      @Nullable FlagRow before,
      FlagRow after) {
    return Audit.note(
            session,
            author,
            action,
            path(project, after.key()),
            revisions(at),
            before == null ? null : before.body(),
            after.body())
        .thenReturn(new Written(after.body(), after.meta().version(), revisions(at)));
  }

  private static TreeMap<String, Long> revisions(List<Locks.Locked> at) {
    var revisions = new TreeMap<String, Long>();
    at.forEach(environment -> revisions.put(environment.key(), environment.revision()));
    return revisions;
  }

  private static Stored stored(FlagRow row) {
    return new Stored(row.key(), row.body(), row.meta().version());
  }
}
