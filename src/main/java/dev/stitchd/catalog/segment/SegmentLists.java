package dev.stitchd.catalog.segment;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Author;
import dev.stitchd.resource.LockedEnvironment;
import dev.stitchd.resource.LookupRows;
import dev.stitchd.resource.UnitOfWork;
import dev.stitchd.resource.UnitsOfWork;
import dev.stitchd.resource.Written;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
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

  /// Takes a transaction back in which there turned out to be nothing to announce, so that it makes
  /// no revision.
  private static final class NothingNew extends RuntimeException {
    NothingNew() {
      super("nothing to announce", null, false, false);
    }
  }

  private final UnitsOfWork units;
  private final AtomicLong changes = new AtomicLong();

  SegmentLists(UnitsOfWork units) {
    this.units = units;
  }

  /// A segment's list as it is.
  public Mono<SegmentList> find(Session session, TenantId tenant, SegmentPath path) {
    return SegmentListRows.find(session, tenant, path);
  }

  /// A segment's list, locked until the transaction ends: its members change through nobody else,
  /// and no import of it begins or ends.
  public Mono<SegmentList> lock(Session session, TenantId tenant, SegmentPath path) {
    return SegmentListRows.lock(session, tenant, path);
  }

  /// How often [#change] was called in this process; safe from any thread.
  public long changes() {
    return changes.get();
  }

  /// Counts a change of members of a locked list. SDKs hear of it by [#announce].
  ///
  /// @param list as it was
  /// @param action as `segment.members.add`
  /// @param included by how many the included keys grew or, if negative, shrank
  public Mono<SegmentList> change(
      Session session,
      Author author,
      SegmentPath path,
      SegmentList list,
      String action,
      long included,
      long excluded) {
    changes.incrementAndGet();
    return UnitOfWork.in(
        session,
        author,
        unit ->
            SegmentListRows.change(session, unit.tenant(), list.segment(), included, excluded)
                .delayUntil(changed ->
                    unit.note(
                        action,
                        path + "/members",
                        list.into(Json.object()),
                        changed.into(Json.object()),
                        List.of())));
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
    return UnitOfWork.in(
        session,
        author,
        unit ->
            unit.nextRevision(path.project(), path.environment())
                .flatMap(at ->
                    row(unit, segment)
                        .delayUntil(_ ->
                            SegmentListRows.flip(
                                session, unit.tenant(), segment, generation, included, excluded))
                        .flatMap(before ->
                            row(unit, segment)
                                .flatMap(after -> replaced(unit, path, at, before, after)))));
  }

  private static Mono<SegmentRow> row(UnitOfWork unit, UUID segment) {
    return SegmentRows.find(unit.session(), unit.tenant(), List.of(segment)).map(List::getFirst);
  }

  /// Publishes, as one revision, every list of an environment that changed since SDKs were last
  /// told, except those told less than `gap` ago. Emits how many; 0 also if another node is at it.
  public Mono<Integer> announce(TenantId tenant, EnvironmentId environment, Duration gap) {
    return units
        .write(Author.system(tenant, ANNOUNCER), unit -> announce(unit, environment, gap))
        .onErrorResume(NothingNew.class, _ -> Mono.just(0));
  }

  private static Mono<Integer> announce(UnitOfWork unit, EnvironmentId environment, Duration gap) {
    return SegmentListRows.tryAnnouncing(unit.session(), environment)
        .filter(mine -> mine)
        .flatMap(_ -> LookupRows.names(unit.session(), unit.tenant(), environment))
        .flatMap(names -> unit.nextRevision(names.project(), names.environment()))
        .flatMap(at ->
            SegmentListRows.announce(unit.session(), unit.tenant(), environment, gap)
                .filter(changed -> !changed.isEmpty())
                .flatMap(changed -> publish(unit, at, changed)))
        .switchIfEmpty(Mono.error(NothingNew::new));
  }

  private static Mono<Integer> publish(UnitOfWork unit, LockedEnvironment at, List<UUID> changed) {
    unit.leavesNoNote(UnitOfWork.Unaudited.NOTED_BEFORE);
    return SegmentRows.find(unit.session(), unit.tenant(), changed)
        .flatMap(rows -> unit.publishAgain(at, rows.stream().map(SegmentRow::change).toList()))
        .thenReturn(changed.size());
  }

  /// What is noted is the list and not the segment, which stays as it was.
  private static Mono<Written> replaced(
      UnitOfWork unit, SegmentPath path, LockedEnvironment at, SegmentRow before, SegmentRow row) {
    return unit.publish(at, List.of(row.change()))
        .then(
            Mono.defer(() ->
                unit.note(
                    "segment.members.replace",
                    path + "/members",
                    before.body().get("list"),
                    row.body().get("list"),
                    List.of(at))))
        .thenReturn(
            new Written(row.body(), row.version(), new TreeMap<>(Map.of(at.key(), at.revision()))));
  }
}
