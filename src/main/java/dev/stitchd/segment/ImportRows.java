package dev.stitchd.segment;

import dev.stitchd.catalog.segment.SegmentList;
import dev.stitchd.catalog.segment.SegmentPath;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.resource.Author;
import dev.stitchd.segment.upload.CopyChunk;
import dev.stitchd.segment.upload.LineErrors;
import java.util.List;
import java.util.UUID;
import reactor.core.publisher.Mono;

/// Imports and the generations that they fill.
final class ImportRows {

  private static final String RUNNING =
      "SELECT id FROM segment_imports WHERE tenant_id = $1 AND segment_id = $2 AND state = 'running'";
  private static final String GENERATION =
      "INSERT INTO segment_generations (tenant_id, environment_id, segment_id) VALUES ($1, $2, $3) RETURNING generation";
  private static final String BEGIN =
      """
      INSERT INTO segment_imports (tenant_id, environment_id, segment_id, generation, owner, actor)
      VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
      """;
  private static final String STAGE =
      """
      CREATE TEMPORARY TABLE IF NOT EXISTS segment_import_rows (
        included boolean NOT NULL, context_key text COLLATE "C" NOT NULL) ON COMMIT DELETE ROWS
      """;
  private static final String COPY =
      "COPY pg_temp.segment_import_rows (included, context_key) FROM STDIN (FORMAT binary)";

  /// In the order of the index, which then finds its pages in memory.
  private static final String STORE =
      """
      WITH stored AS (
        INSERT INTO segment_list_members (tenant_id, generation, included, context_key)
        SELECT DISTINCT $1::uuid, $2::bigint, included, context_key FROM pg_temp.segment_import_rows
         ORDER BY included, context_key
        ON CONFLICT DO NOTHING RETURNING included)
      SELECT count(*) FILTER (WHERE included) AS included, count(*) FILTER (WHERE NOT included) AS excluded FROM stored
      """;

  /// What is left of a deleted environment may stay for long, and nobody sees it.
  private static final String RUNS =
      """
       WHERE tenant_id = $1 AND id = $2 AND state = 'running' AND environment_id IN (
         SELECT e.id FROM environments e WHERE e.tenant_id = $1)
      """;

  private static final String PROGRESS =
      "UPDATE segment_imports SET rows = rows + $3, duplicates = duplicates + $4, heartbeat_at = clock_timestamp()"
          + RUNS;
  private static final String BEAT = "UPDATE segment_imports SET heartbeat_at = now()" + RUNS;
  private static final String DONE =
      "UPDATE segment_imports SET state = 'done', finished_at = now(), recognized = $3::json"
          + RUNS;
  private static final String FAIL =
      """
      UPDATE segment_imports SET state = 'failed', finished_at = now(), failure = $3, rejected = $4, errors = $5::json,
             recognized = $6::json
       WHERE tenant_id = $1 AND id = $2 AND state = 'running'
      """;
  private static final String FORGET =
      """
      DELETE FROM segment_imports WHERE tenant_id = $1 AND segment_id = $2 AND state <> 'running' AND id NOT IN (
        SELECT id FROM segment_imports WHERE tenant_id = $1 AND segment_id = $2 ORDER BY started_at DESC LIMIT $3)
      """;
  private static final String SELECT =
      """
      SELECT id, state, generation, rows, duplicates, rejected, errors::text AS errors, recognized::text AS recognized,
             failure, actor, started_at, finished_at, now() AS at
        FROM segment_imports
       WHERE tenant_id = $1 AND segment_id = $2
      """;

  /// What became of a chunk: how many of its members are new, on each side.
  record Stored(long included, long excluded) {}

  private ImportRows() {}

  /// Refuses what an import of a locked list would undo.
  static Mono<Void> refuseDuringImport(Session session, TenantId tenant, UUID segment) {
    return session
        .any(RUNNING, tenant.value(), segment)
        .filter(running -> running)
        .flatMap(_ ->
            Mono.error(
                new Problem.Conflict(
                    "import-in-progress",
                    "this list is being replaced; try again when it is done")));
  }

  /// Begins an import into a new generation of a locked list.
  static Mono<ImportRun> begin(
      Session session, Author author, SegmentPath path, SegmentList list, UUID owner) {
    var tenant = author.tenant().value();
    return session
        .one(
            GENERATION,
            row -> Columns.number(row, "generation"),
            tenant,
            list.environment(),
            list.segment())
        .flatMap(generation ->
            session
                .one(
                    BEGIN,
                    row -> Columns.uuid(row, "id"),
                    tenant,
                    list.environment(),
                    list.segment(),
                    generation,
                    owner,
                    author.name())
                .map(id -> new ImportRun(author, path, id, list.segment(), generation)));
  }

  /// Adds a chunk to the import's generation, if it still runs.
  static Mono<Stored> store(Session session, ImportRun run, CopyChunk chunk) {
    return session
        .run("SET LOCAL synchronous_commit = off") // the flip's commit makes all of it durable
        .then(session.run(STAGE))
        .then(session.copy(COPY, chunk.copyData()))
        .then(
            session.one(
                STORE,
                row -> new Stored(Columns.number(row, "included"), Columns.number(row, "excluded")),
                run.author.tenant().value(),
                run.generation))
        .delayUntil(stored -> progress(session, run, chunk.rows(), stored));
  }

  static Mono<Void> beat(Session session, ImportRun run) {
    return mustRun(session.run(BEAT, run.author.tenant().value(), run.id));
  }

  static Mono<Void> done(Session session, ImportRun run) {
    return mustRun(session.run(DONE, run.author.tenant().value(), run.id, run.recognized()));
  }

  static Mono<Long> fail(Session session, ImportRun run, String why, LineErrors errors) {
    return session.run(
        FAIL,
        run.author.tenant().value(),
        run.id,
        why,
        errors.count(),
        Json.write(errors.json()),
        run.recognized());
  }

  static Mono<Long> forget(Session session, ImportRun run, int kept) {
    return session.run(FORGET, run.author.tenant().value(), run.segment, kept);
  }

  static Mono<MemberImport> find(Session session, TenantId tenant, UUID segment, UUID id) {
    return session
        .one(SELECT + " AND id = $3", MemberImport::of, tenant.value(), segment, id)
        .switchIfEmpty(
            Mono.error(() -> new Problem.NotFound("there is no import " + id + " of this list")));
  }

  /// The newest first.
  static Mono<List<MemberImport>> list(Session session, TenantId tenant, UUID segment, int limit) {
    return session.all(
        SELECT + " ORDER BY started_at DESC LIMIT $3",
        MemberImport::of,
        tenant.value(),
        segment,
        limit);
  }

  private static Mono<Void> progress(Session session, ImportRun run, int rows, Stored stored) {
    return mustRun(
        session.run(
            PROGRESS,
            run.author.tenant().value(),
            run.id,
            (long) rows,
            rows - stored.included() - stored.excluded()));
  }

  private static Mono<Void> mustRun(Mono<Long> touched) {
    return touched
        .filter(rows -> rows == 1)
        .switchIfEmpty(
            Mono.error(() ->
                new Problem.Conflict(
                    "import-lost",
                    "the import was called failed, or its segment was deleted, while it ran")))
        .then();
  }
}
