package dev.stitchd.catalog.deletion;

import dev.stitchd.catalog.deletion.DeletionRows.Found;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// The statements that remove what is left of a deleted project or environment.
final class RemovalRows {

  private static final String START =
      """
      UPDATE deletions SET state = 'running' WHERE tenant_id = $1 AND id = $2 AND state <> 'done'
      RETURNING project_id, environment_ids
      """;

  /// A batch goes by the index, where the entries of what the batches before removed are skipped;
  /// in the table, and in a bitmap, they would be read again for each.
  private static final String BY_INDEX =
      "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)";

  private static final String BATCH =
      """
      WITH next AS MATERIALIZED (%s),
      gone AS (DELETE FROM %s WHERE ctid = ANY (ARRAY(SELECT place FROM next)))
      SELECT count(*) AS removed, coalesce(max(at), $4::bigint) AS reached FROM next
      """;
  private static final String COUNT =
      "UPDATE deletions SET rows_deleted = rows_deleted + $3 WHERE tenant_id = $1 AND id = $2";

  /// Members are removed by the upkeep of lists, which needs no more than that nobody's list is
  /// made of them.
  private static final String LAST_OF_ENVIRONMENTS =
      """
      DELETE FROM environments e WHERE tenant_id = $1 AND id = ANY ($2)
         AND NOT EXISTS (SELECT FROM segment_generations g WHERE g.tenant_id = e.tenant_id AND g.environment_id = e.id)
      """;

  /// An environment that was deleted before its project goes first.
  private static final String LAST_OF_PROJECT =
      """
      DELETE FROM projects p WHERE tenant_id = $1 AND id = $2
         AND NOT EXISTS (SELECT FROM environments e WHERE e.tenant_id = p.tenant_id AND e.project_id = p.id)
      """;

  private static final String EMPTIED =
      """
      UPDATE deletions d SET emptied = true
       WHERE tenant_id = $1 AND id = $2
         AND NOT EXISTS (SELECT FROM environments e WHERE e.tenant_id = d.tenant_id AND e.id = ANY (d.environment_ids))
         AND NOT EXISTS (SELECT FROM projects p WHERE p.tenant_id = d.tenant_id AND p.id = d.project_id)
      """;
  private static final String DONE =
      """
      UPDATE deletions d SET state = 'done', finished_at = now()
       WHERE tenant_id = $1 AND id = $2 AND state <> 'done' AND emptied
         AND NOT EXISTS (SELECT FROM erasures x WHERE x.tenant_id = d.tenant_id AND x.environment_id = ANY (d.environment_ids)
                            AND x.context_type IS NULL AND x.state <> 'done')
      RETURNING rows_deleted
      """;

  /// What an environment has that may be many, in the order in which it goes: running imports end,
  /// then nobody reads or changes lists, so that their members can go.
  static final List<Kept> OF_ENVIRONMENT =
      List.of(
          Kept.of("segment_imports"),
          Kept.of("segment_lists"),
          Kept.below("segments", "environment_id", "segment_rules", "segment_id"),
          Kept.of("segments"),
          Kept.of("sdk_keys"),
          Kept.of("event_definitions"),
          Kept.of("flag_values"),
          Kept.of("environment_items"),
          Kept.ofLog(),
          Kept.of("environment_revisions"),
          Kept.of("deleted_flags"),
          Kept.of("propagation_instances"));

  /// What a project has besides its environments.
  static final List<Kept> OF_PROJECT =
      List.of(
          Kept.below("feature_flags", "project_id", "variants", "flag_id"),
          new Kept("feature_flags", inOwner("feature_flags", "project_id")));

  /// Rows of one table that belong to a project or environment.
  ///
  /// @param next finds the next of them: the place of each, and how far they reach
  record Kept(String table, String next) {

    private static Kept of(String table) {
      return new Kept(table, inOwner(table, "environment_id"));
    }

    /// The log is the longest, and a transaction that goes on elsewhere makes its removed entries
    /// visible again, so each batch begins where the one before ended.
    private static Kept ofLog() {
      return new Kept(
          "environment_changes",
          "SELECT ctid AS place, revision AS at FROM environment_changes WHERE tenant_id = $1 AND environment_id = $2 AND revision >= $4 ORDER BY revision LIMIT $3");
    }

    private static Kept below(String parent, String owner, String table, String reference) {
      return new Kept(
          table,
          "SELECT c.ctid AS place, 0::bigint AS at FROM %s p JOIN %s c ON c.tenant_id = p.tenant_id AND c.%s = p.id WHERE p.tenant_id = $1 AND p.%s = $2 LIMIT $3"
              .formatted(parent, table, reference, owner));
    }
  }

  /// What of a deletion has to be gone before it is done.
  ///
  /// @param project null if only an environment was deleted
  record Remains(@Nullable UUID project, List<UUID> environments) {}

  /// How far the removal of one table's rows is.
  record Batch(long removed, long reached) {

    static final Batch BEFORE_THE_FIRST = new Batch(0, 0);
  }

  private RemovalRows() {}

  /// Says that somebody is at it; empty if it is done.
  static Mono<Remains> start(Session session, Found deletion) {
    return session.one(
        START,
        row ->
            new Remains(
                row.get("project_id", UUID.class),
                Arrays.asList(Objects.requireNonNull(row.get("environment_ids", UUID[].class)))),
        deletion.tenant().value(),
        deletion.id());
  }

  /// Removes the rows of a table that come next, and counts them; empty if there are none.
  ///
  /// @param owner the project or environment
  static Mono<Batch> remove(
      Session session, Found deletion, Kept kept, UUID owner, Batch after, int most) {
    return session
        .any(BY_INDEX)
        .then(
            session.one(
                BATCH.formatted(kept.next(), kept.table()),
                row -> new Batch(Columns.number(row, "removed"), Columns.number(row, "reached")),
                deletion.tenant().value(),
                owner,
                most,
                after.reached()))
        .filter(batch -> batch.removed() > 0)
        .delayUntil(batch -> count(session, deletion, batch.removed()));
  }

  /// Removes the project or environments themselves where nothing is left of them, with the few
  /// rows that still refer to them. Emits how many rows the whole deletion removed if that was the
  /// end of it, otherwise nothing.
  static Mono<Long> finish(Session session, Found deletion, Remains remains) {
    var tenant = deletion.tenant().value();
    var project =
        remains.project() == null
            ? Mono.just(0L)
            : session.run(LAST_OF_PROJECT, tenant, remains.project());
    return DeletionRows.showDeleted(session, true)
        .then(
            session.run(LAST_OF_ENVIRONMENTS, tenant, remains.environments().toArray(UUID[]::new)))
        .zipWhen(_ -> project, Long::sum)
        .flatMap(removed -> count(session, deletion, removed))
        .then(session.run(EMPTIED, tenant, deletion.id()))
        .then(session.one(DONE, row -> Columns.number(row, "rows_deleted"), tenant, deletion.id()));
  }

  private static Mono<Long> count(Session session, Found deletion, long removed) {
    return session.run(COUNT, deletion.tenant().value(), deletion.id(), removed);
  }

  private static String inOwner(String table, String owner) {
    return "SELECT ctid AS place, 0::bigint AS at FROM %s WHERE tenant_id = $1 AND %s = $2 LIMIT $3"
        .formatted(table, owner);
  }
}
