package dev.stitchd.segment;

import dev.stitchd.catalog.segment.SegmentList;
import dev.stitchd.catalog.segment.SegmentLists;
import dev.stitchd.catalog.segment.SegmentPath;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.Author;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Single members of lists: looked up, paged, added and removed at once. Publishers emit on R2DBC
/// event loops and fail with a [Problem].
@Component
public final class Members {

  /// A change of a list.
  ///
  /// @param changed how many of the request's keys it added or removed; the others were there, or
  ///   not there, before
  public record Changed(SegmentList list, long changed) {}

  /// The version of a list that has just got its first members.
  private static final long FIRST = 1;

  private final Transactions transactions;
  private final SegmentLists lists;
  private final ListSettings settings;
  private final JoinedChanges changes;
  private final ListChanges committed;

  Members(
      Transactions transactions,
      SegmentLists lists,
      ListSettings settings,
      ListChanges committed,
      MeterRegistry meters) {
    this.transactions = transactions;
    this.lists = lists;
    this.committed = committed;
    this.settings = settings;
    this.changes =
        new JoinedChanges(this::change, settings.changesWaiting(), settings.changedTogether());
    Gauge.builder("stitchd.lists.changes", changes, JoinedChanges::waiting)
        .description("Changes of single members that wait or are being made")
        .register(meters);
  }

  /// A page, with one member more than its limit if there are more.
  public Mono<List<Member>> page(TenantId tenant, SegmentPath path, MemberPage page) {
    var more = new MemberPage(page.only(), page.after(), page.limit() + 1);
    return transactions.inTenant(
        tenant,
        session ->
            lists
                .find(session, tenant, path)
                .flatMap(list -> MemberRows.page(session, tenant, list.generation(), more)));
  }

  /// On which sides a key is: one or two members; fails with [Problem.NotFound] if on neither.
  public Mono<List<Member>> get(TenantId tenant, SegmentPath path, String key) {
    return transactions.inTenant(
        tenant,
        session ->
            lists
                .find(session, tenant, path)
                .flatMap(list -> MemberRows.find(session, tenant, list.generation(), key))
                .filter(found -> !found.isEmpty())
                .switchIfEmpty(
                    Mono.error(() -> new Problem.NotFound("this key is not on the list"))));
  }

  /// Adds keys to one side. In force at once; SDKs hear of it within a second or so. Changes of a
  /// list that wait for each other are made together: then the list that is answered has all of
  /// them.
  ///
  /// @param body `{"keys":[…]}`
  public Mono<Changed> add(Author author, SegmentPath path, MemberSide side, JsonNode body) {
    return make(author, path, side, true, body);
  }

  /// Removes keys from one side. In force at once; SDKs hear of it within a second or so.
  public Mono<Changed> remove(Author author, SegmentPath path, MemberSide side, JsonNode body) {
    return make(author, path, side, false, body);
  }

  private Mono<Changed> make(
      Author author, SegmentPath path, MemberSide side, boolean adds, JsonNode body) {
    return changes.make(MemberChange.of(author, path, side, adds, KeyList.read(body)));
  }

  /// The whole list, page by page, each read when it is asked for, so that a slow reader costs
  /// nothing. Members that are added or removed meanwhile may or may not be in it; if the list is
  /// replaced meanwhile, it goes on with the one it began, and fails if that takes too long.
  public Flux<List<Member>> export(TenantId tenant, SegmentPath path, MemberPage from) {
    var first = new MemberPage(from.only(), from.after(), settings.exportPage());
    return transactions
        .inTenant(tenant, session -> lists.find(session, tenant, path))
        .flatMapMany(list -> pages(tenant, list.generation(), first));
  }

  private Flux<List<Member>> pages(TenantId tenant, long generation, MemberPage first) {
    return page(tenant, generation, first)
        .expand(members ->
            members.size() < first.limit()
                ? Mono.empty()
                : page(tenant, generation, first.from(members.getLast())));
  }

  private Mono<List<Member>> page(TenantId tenant, long generation, MemberPage page) {
    return transactions.inTenant(
        tenant,
        session ->
            MemberRows.page(session, tenant, generation, page)
                .delayUntil(_ -> mustBeWhole(session, tenant, generation)));
  }

  /// Asked after a page was read: then all of it was there.
  private static Mono<Boolean> mustBeWhole(Session session, TenantId tenant, long generation) {
    return MemberRows.isWhole(session, tenant, generation)
        .filter(whole -> whole)
        .switchIfEmpty(
            Mono.error(() ->
                new Problem.Conflict(
                    "list-replaced", "the list was replaced or deleted while it was exported")));
  }

  private Mono<JoinedChanges.Outcome> change(MemberChange.Kind kind, Set<String> keys) {
    return transactions
        .inTenant(
            kind.author().tenant(),
            session -> locked(session, kind).flatMap(list -> change(session, list, kind, keys)))
        .doOnNext(outcome -> committed.committed(new EnvironmentId(outcome.list().environment())))
        .delayUntil(outcome ->
            outcome.list().version() == FIRST && !outcome.changed().isEmpty()
                ? announced(kind.author().tenant(), outcome.list())
                : Mono.empty());
  }

  /// Until its first members are announced, nobody looks for members of a segment. If it cannot be
  /// done now, it is done by the upkeep of lists.
  private Mono<Integer> announced(TenantId tenant, SegmentList list) {
    return lists
        .announce(tenant, new EnvironmentId(list.environment()), Duration.ZERO)
        .onErrorComplete();
  }

  private Mono<SegmentList> locked(Session session, MemberChange.Kind kind) {
    var tenant = kind.author().tenant();
    return lists
        .lock(session, tenant, kind.path())
        .delayUntil(list -> ImportRows.refuseDuringImport(session, tenant, list.segment()));
  }

  private Mono<JoinedChanges.Outcome> change(
      Session session, SegmentList list, MemberChange.Kind kind, Set<String> keys) {
    return MemberRows.change(session, list.generation(), kind, keys)
        .flatMap(changed ->
            counted(session, list, kind, changed.size())
                .map(after -> new JoinedChanges.Outcome(after, changed)));
  }

  private Mono<SegmentList> counted(
      Session session, SegmentList list, MemberChange.Kind kind, int changed) {
    int growth = kind.adds() ? changed : -changed;
    return changed == 0
        ? Mono.just(list)
        : lists.change(
            session,
            kind.author(),
            kind.path(),
            list,
            kind.action(),
            kind.side().isIncluded() ? growth : 0,
            kind.side().isIncluded() ? 0 : growth);
  }
}
