package dev.stitchd.segment.upkeep;

import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import io.r2dbc.spi.Readable;
import reactor.core.publisher.Mono;

/// The statements that remove a generation.
final class GenerationRemovalRows {

  private static final String TRY =
      "SELECT pg_try_advisory_xact_lock(hashtextextended('generation ' || $1, 0)) AS mine";
  private static final String MARK =
      "UPDATE segment_generations SET removing = true WHERE tenant_id = $1 AND generation = $2";

  /// Begins where the batch before ended, not at the dead entries that it left in the index.
  private static final String BATCH =
      """
      WITH next AS MATERIALIZED (
        SELECT ctid AS place, included, context_key FROM segment_list_members
         WHERE tenant_id = $1 AND generation = $2 AND (included, context_key) > ($3, $4)
         ORDER BY included, context_key LIMIT $5),
      gone AS (
        DELETE FROM segment_list_members WHERE ctid = ANY (ARRAY(SELECT place FROM next)))
      SELECT included, context_key, count(*) OVER () AS members FROM next
       ORDER BY included DESC, context_key DESC LIMIT 1
      """;

  private static final String FORGET =
      """
      DELETE FROM segment_generations g WHERE tenant_id = $1 AND generation = $2
         AND NOT EXISTS (SELECT FROM segment_list_members m WHERE m.generation = g.generation)
      """;

  /// How far a removal is: the last member that went.
  record Place(boolean included, String key, long members) {

    static final Place START = new Place(false, "", 0);

    private static Place of(Readable row) {
      return new Place(
          Columns.bool(row, "included"),
          Columns.text(row, "context_key"),
          Columns.number(row, "members"));
    }
  }

  private GenerationRemovalRows() {}

  /// Whoever still reads the generation sees that it is going.
  static Mono<Long> mark(Session session, UpkeepRows.UnusedGeneration unused) {
    return session.run(MARK, unused.tenant().value(), unused.generation());
  }

  /// Whether this transaction alone removes it; false if another does.
  static Mono<Boolean> tryLock(Session session, UpkeepRows.UnusedGeneration unused) {
    return session.one(TRY, row -> Columns.bool(row, "mine"), Long.toString(unused.generation()));
  }

  /// Removes the members that come next; empty if there are none.
  static Mono<Place> removeAfter(
      Session session, UpkeepRows.UnusedGeneration unused, Place after, int most) {
    return session.one(
        BATCH,
        Place::of,
        unused.tenant().value(),
        unused.generation(),
        after.included(),
        after.key(),
        most);
  }

  /// Removes the generation itself once it has no members.
  static Mono<Long> forget(Session session, UpkeepRows.UnusedGeneration unused) {
    return session.run(FORGET, unused.tenant().value(), unused.generation());
  }
}
