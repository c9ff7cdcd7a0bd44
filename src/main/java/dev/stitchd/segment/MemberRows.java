package dev.stitchd.segment;

import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;

/// The members of one generation.
final class MemberRows {

  private static final String PAGE =
      """
      SELECT included, context_key FROM (
        (SELECT included, context_key FROM segment_list_members
          WHERE tenant_id = $1 AND generation = $2 AND included AND $3 AND context_key > $4
          ORDER BY context_key LIMIT $7)
        UNION ALL
        (SELECT included, context_key FROM segment_list_members
          WHERE tenant_id = $1 AND generation = $2 AND NOT included AND $5 AND context_key > $6
          ORDER BY context_key LIMIT $7)) members
       ORDER BY included DESC, context_key LIMIT $7
      """;
  private static final String FIND =
      """
      SELECT included, context_key FROM segment_list_members
       WHERE tenant_id = $1 AND generation = $2 AND included IN (true, false) AND context_key = $3
       ORDER BY included DESC
      """;
  private static final String ADD =
      """
      INSERT INTO segment_list_members (tenant_id, generation, included, context_key)
      SELECT $1, $2, $3, key FROM unnest($4::text[]) AS key
      ON CONFLICT DO NOTHING RETURNING context_key
      """;
  private static final String REMOVE =
      """
      DELETE FROM segment_list_members
       WHERE tenant_id = $1 AND generation = $2 AND included = $3 AND context_key = ANY ($4)
      RETURNING context_key
      """;

  /// Of an environment that is deleted it may be whole for long, and nobody sees it.
  private static final String IS_WHOLE =
      """
      SELECT 1 FROM segment_generations g JOIN environments e ON e.tenant_id = g.tenant_id AND e.id = g.environment_id
       WHERE g.tenant_id = $1 AND g.generation = $2 AND NOT g.removing
      """;

  /// In one statement, so that all lists are as they were at one moment. A list that is named by
  /// generation and version is known to whoever asks, and its members are not read.
  private static final String SHORT_LISTS =
      """
      WITH counted AS (
        SELECT segment_key, generation, version, included_count + excluded_count AS members
          FROM segment_lists WHERE tenant_id = $1 AND environment_id = $2 AND segment_key = ANY ($3)),
      short AS (
        SELECT segment_key, generation, version, sum(members) OVER (ORDER BY segment_key) AS together
          FROM counted WHERE members <= $4)
      SELECT s.segment_key, s.generation, s.version, k.version IS NOT NULL AS known, m.included, m.context_key
        FROM short s
        LEFT JOIN unnest($6::bigint[], $7::bigint[]) AS k (generation, version)
          ON k.generation = s.generation AND k.version = s.version
        LEFT JOIN segment_list_members m
          ON m.tenant_id = $1 AND m.generation = s.generation AND k.version IS NULL
       WHERE s.together <= $5
      """;

  private MemberRows() {}

  static Mono<List<Member>> page(
      Session session, TenantId tenant, long generation, MemberPage page) {
    return session.all(
        PAGE,
        Member::of,
        tenant.value(),
        generation,
        page.reads(MemberSide.INCLUDED),
        page.after(MemberSide.INCLUDED),
        page.reads(MemberSide.EXCLUDED),
        page.after(MemberSide.EXCLUDED),
        page.limit());
  }

  /// On which sides a key is.
  static Mono<List<Member>> find(Session session, TenantId tenant, long generation, String key) {
    return session.all(FIND, Member::of, tenant.value(), generation, key);
  }

  /// Hands on the members of short lists, and one row without a member for a list that has none or
  /// is known.
  static Mono<Void> shortLists(
      Session session, ShortLists.Question asked, Consumer<ShortLists.Row> found) {
    var known = List.copyOf(asked.known());
    return session.each(
        SHORT_LISTS,
        ShortLists.Row::of,
        found,
        asked.tenant().value(),
        asked.environment().value(),
        asked.segments().toArray(String[]::new),
        asked.most(),
        asked.together(),
        known.stream().map(ShortLists.Version::generation).toArray(Long[]::new),
        known.stream().map(ShortLists.Version::version).toArray(Long[]::new));
  }

  /// Adds or removes keys; emits those that were not there, or were there.
  static Mono<Set<String>> change(
      Session session, long generation, MemberChange.Kind kind, Collection<String> keys) {
    return session
        .all(
            kind.adds() ? ADD : REMOVE,
            row -> Columns.text(row, "context_key"),
            kind.author().tenant().value(),
            generation,
            kind.side().isIncluded(),
            keys.toArray(String[]::new))
        .map(Set::copyOf);
  }

  /// Whether nothing of a generation has been removed up to now.
  static Mono<Boolean> isWhole(Session session, TenantId tenant, long generation) {
    return session.any(IS_WHOLE, tenant.value(), generation);
  }
}
