package dev.stitchd.segment;

import dev.stitchd.catalog.Author;
import dev.stitchd.catalog.SegmentList;
import dev.stitchd.catalog.SegmentLists;
import dev.stitchd.catalog.SegmentPath;
import dev.stitchd.catalog.Session;
import dev.stitchd.catalog.Transactions;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import java.util.Collection;
import java.util.List;
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

  private final Transactions transactions;
  private final SegmentLists lists;
  private final ListSettings settings;

  Members(Transactions transactions, SegmentLists lists, ListSettings settings) {
    this.transactions = transactions;
    this.lists = lists;
    this.settings = settings;
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

  /// Adds keys to one side. In force at once; SDKs hear of it within a second or so.
  ///
  /// @param body `{"keys":[…]}`
  public Mono<Changed> add(Author author, SegmentPath path, MemberSide side, JsonNode body) {
    var keys = KeyList.read(body);
    return transactions.inTenant(
        author.tenant(),
        session ->
            held(session, author, path)
                .flatMap(held -> add(session, author, path, held, side, keys)));
  }

  /// Removes keys from one side. In force at once; SDKs hear of it within a second or so.
  public Mono<Changed> remove(Author author, SegmentPath path, MemberSide side, JsonNode body) {
    var keys = KeyList.read(body);
    return transactions.inTenant(
        author.tenant(),
        session ->
            held(session, author, path)
                .flatMap(held -> remove(session, author, path, held, side, keys)));
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
                    "list-replaced", "the list was replaced while it was exported")));
  }

  private Mono<SegmentList> held(Session session, Author author, SegmentPath path) {
    return lists
        .hold(session, author.tenant(), path)
        .delayUntil(
            held -> ImportRows.refuseDuringImport(session, author.tenant(), held.segment()));
  }

  private Mono<Changed> add(
      Session session,
      Author author,
      SegmentPath path,
      SegmentList held,
      MemberSide side,
      Collection<String> keys) {
    return MemberRows.add(session, author.tenant(), held.generation(), side, keys)
        .flatMap(added -> counted(session, author, path, held, "add-members", side, added, added));
  }

  private Mono<Changed> remove(
      Session session,
      Author author,
      SegmentPath path,
      SegmentList held,
      MemberSide side,
      Collection<String> keys) {
    return MemberRows.remove(session, author.tenant(), held.generation(), side, keys)
        .flatMap(removed ->
            counted(session, author, path, held, "remove-members", side, removed, -removed));
  }

  private Mono<Changed> counted(
      Session session,
      Author author,
      SegmentPath path,
      SegmentList held,
      String action,
      MemberSide side,
      long changed,
      long growth) {
    var after =
        changed == 0
            ? Mono.just(held)
            : lists.change(
                session,
                author,
                path,
                held,
                action,
                side.isIncluded() ? growth : 0,
                side.isIncluded() ? 0 : growth);
    return after.map(list -> new Changed(list, changed));
  }
}
