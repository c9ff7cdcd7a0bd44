package dev.stitchd.catalog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Which members a segment has, and what SDKs are told of it: that the list changed, never who is
/// in it. The members themselves are the room `segment`'s, which calls this inside its own
/// transactions. Each publisher emits one value or fails with a [dev.stitchd.kernel.Problem], on an
/// R2DBC event loop.
@Component
public final class SegmentLists {

  /// Who publishes changes of members that were committed one by one.
  private static final String ANNOUNCER = "members";

  private static final String TRY =
      "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS mine";
  private static final String NAMES =
      """
      SELECT p.key AS project, e.key AS environment FROM environments e
        JOIN projects p ON p.tenant_id = e.tenant_id AND p.id = e.project_id
       WHERE e.tenant_id = $1 AND e.id = $2
      """;

  private record Names(String project, String environment) {}

  /// Takes a transaction back in which there turned out to be nothing to announce, so that it makes
  /// no revision.
  private static final class NothingNew extends RuntimeException {
    NothingNew() {
      super("nothing to announce", null, false, false);
    }
  }

  private final Transactions transactions;

  SegmentLists(Transactions transactions) {
    this.transactions = transactions;
  }

  /// A segment's list as it is.
  public Mono<SegmentList> find(Session session, TenantId tenant, SegmentPath path) {
    return SegmentListRows.find(session, tenant, path);
  }

  /// A segment's list, held until the transaction ends: its members change through nobody else, and
  /// no import of it begins or ends.
  public Mono<SegmentList> hold(Session session, TenantId tenant, SegmentPath path) {
    return SegmentListRows.hold(session, tenant, path);
  }

  /// Counts a change of members of a held list. SDKs hear of it by [#announce].
  ///
  /// @param included by how many the included keys grew or, if negative, shrank
  public Mono<SegmentList> change(
      Session session,
      Author author,
      SegmentPath path,
      SegmentList held,
      String action,
      long included,
      long excluded) {
    var what = Json.object().put("included", included).put("excluded", excluded);
    return SegmentListRows.change(session, author.tenant(), held.segment(), included, excluded)
        .delayUntil(changed ->
            Audit.note(
                session,
                author,
                action,
                path + "/members",
                Map.of(),
                null,
                what.put("version", changed.version())));
  }

  /// Makes another generation the list, in one revision with whatever else the transaction does.
  ///
  /// @param included how many included keys the generation has
  public Mono<Written> replace(
      Session session,
      Author author,
      SegmentPath path,
      UUID segment,
      long generation,
      long included,
      long excluded) {
    return Locks.projectShared(session, author.tenant(), path.project())
        .flatMap(
            project -> Locks.environment(session, author.tenant(), project, path.environment()))
        .flatMap(at ->
            SegmentListRows.flip(session, author.tenant(), segment, generation, included, excluded)
                .then(Mono.defer(() -> row(session, author.tenant(), segment)))
                .flatMap(row -> replaced(session, author, path, at, row)));
  }

  /// Publishes, as one revision, every list of an environment that changed since SDKs were last
  /// told, except those told less than `gap` ago. Emits how many; 0 also if another node is at it.
  public Mono<Integer> announce(TenantId tenant, EnvironmentId environment, Duration gap) {
    var author = new Author(tenant, ANNOUNCER, null, null);
    return transactions
        .inTenant(tenant, session -> announce(session, author, environment, gap))
        .onErrorResume(NothingNew.class, _ -> Mono.just(0));
  }

  private static Mono<Integer> announce(
      Session session, Author author, EnvironmentId environment, Duration gap) {
    return session
        .one(TRY, row -> Columns.bool(row, "mine"), "members " + environment)
        .filter(mine -> mine)
        .flatMap(_ -> names(session, author.tenant(), environment))
        .flatMap(names -> locked(session, author, names))
        .flatMap(at ->
            SegmentListRows.announce(session, author.tenant(), environment, gap)
                .flatMap(changed -> publish(session, author, at, changed)))
        .switchIfEmpty(Mono.error(NothingNew::new));
  }

  private static Mono<Integer> publish(
      Session session, Author author, Locks.Locked at, List<UUID> changed) {
    if (changed.isEmpty()) {
      return Mono.empty();
    }
    return session
        .all(
            SegmentRow.SELECT + " WHERE s.tenant_id = $1 AND s.id = ANY ($2)",
            SegmentRow::of,
            author.tenant().value(),
            changed.toArray(UUID[]::new))
        .flatMap(rows ->
            Publication.publish(
                session, author, at, rows.stream().map(SegmentRow::change).toList()))
        .thenReturn(changed.size());
  }

  private static Mono<Written> replaced(
      Session session, Author author, SegmentPath path, Locks.Locked at, SegmentRow row) {
    var revisions = new TreeMap<>(Map.of(at.key(), at.revision()));
    return Publication.publish(session, author, at, List.of(row.change()))
        .then(
            Audit.note(
                session,
                author,
                "replace-members",
                path + "/members",
                revisions,
                null,
                row.body().get("list")))
        .thenReturn(new Written(row.body(), row.meta().version(), revisions));
  }

  private static Mono<SegmentRow> row(Session session, TenantId tenant, UUID segment) {
    return session.one(
        SegmentRow.SELECT + " WHERE s.tenant_id = $1 AND s.id = $2",
        SegmentRow::of,
        tenant.value(),
        segment);
  }

  private static Mono<Names> names(Session session, TenantId tenant, EnvironmentId environment) {
    return session.one(
        NAMES,
        row -> new Names(Columns.text(row, "project"), Columns.text(row, "environment")),
        tenant.value(),
        environment.value());
  }

  private static Mono<Locks.Locked> locked(Session session, Author author, Names names) {
    return Locks.projectShared(session, author.tenant(), names.project())
        .flatMap(
            project -> Locks.environment(session, author.tenant(), project, names.environment()));
  }
}
