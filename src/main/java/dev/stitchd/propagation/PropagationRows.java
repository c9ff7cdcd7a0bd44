package dev.stitchd.propagation;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Lender;
import dev.stitchd.postgres.Transactions;
import io.r2dbc.spi.Readable;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Summaries in PostgreSQL: written with the rights of the SDK plane, in single statements; read in
/// a transaction of the asking tenant.
@Component
final class PropagationRows {

  private static final String WRITE =
      "SELECT stitchd_write_propagation($1, $2, $3, $4, $5, $6, $7, $8, $9) AS now";

  private static final String CLEAN = "SELECT stitchd_clean_propagation($1, $2) AS now";

  private static final String READ =
      """
      SELECT e.id, e.revision, e.pruned, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
             (SELECT (extract(epoch FROM min(c.committed_at)) * 1000)::bigint FROM environment_changes c
               WHERE c.tenant_id = e.tenant_id AND c.environment_id = e.id AND c.revision = COALESCE($4::bigint, e.revision)) AS committed,
             (SELECT COALESCE(json_agg(json_build_object('streams', n.streams, 'summary', n.summary)), '[]')::text
                FROM propagation_nodes n
               WHERE n.tenant_id = e.tenant_id AND n.environment_id = e.id
                 AND n.at > clock_timestamp() - $5 * interval '1 millisecond') AS nodes,
             (SELECT COALESCE(json_agg(json_build_object('instance', i.instance, 'tag', i.tag, 'revision', i.revision,
                                                         'receipts', i.receipts, 'seen', (extract(epoch FROM i.seen_at) * 1000)::bigint)
                                       ORDER BY i.revision, i.instance), '[]')::text
                FROM (SELECT * FROM propagation_instances i
                       WHERE i.tenant_id = e.tenant_id AND i.environment_id = e.id
                         AND i.seen_at > clock_timestamp() - $6 * interval '1 millisecond'
                       ORDER BY i.instance LIMIT $7) i) AS instances
        FROM environments e JOIN projects p ON p.tenant_id = e.tenant_id AND p.id = e.project_id
       WHERE e.tenant_id = $1 AND p.key = $2 AND e.key = $3
      """;

  /// What all nodes have written about an environment.
  ///
  /// @param current the environment's revision
  /// @param pruned the first revision that the log still knows
  /// @param now PostgreSQL's time, in milliseconds since 1970
  /// @param committed when the revision in question was; null if it published nothing
  record Found(
      EnvironmentId environment,
      long current,
      long pruned,
      long now,
      @Nullable Long committed,
      JsonNode nodes,
      JsonNode instances) {}

  private final Lender reader;
  private final Transactions transactions;
  private final PropagationSettings settings;

  PropagationRows(
      @Qualifier("readerLender") Lender reader,
      Transactions transactions,
      PropagationSettings settings) {
    this.reader = reader;
    this.transactions = transactions;
    this.settings = settings;
  }

  /// Writes a batch; answers PostgreSQL's time. Environments that are gone are left out.
  Mono<Long> write(UUID node, Tracker.Batch batch) {
    var summaries = batch.summaries();
    var instances = batch.instances();
    return reader.session(session ->
        session.one(
            WRITE,
            row -> Columns.number(row, "now"),
            node,
            summaries.stream().map(s -> s.environment().value()).toArray(UUID[]::new),
            summaries.stream().map(Tracker.Summary::streams).toArray(Integer[]::new),
            summaries.stream().map(Tracker.Summary::json).toArray(String[]::new),
            instances.stream().map(i -> i.environment().value()).toArray(UUID[]::new),
            instances.stream().map(Tracker.InstanceState::instance).toArray(String[]::new),
            instances.stream().map(Tracker.InstanceState::tag).toArray(String[]::new),
            instances.stream().map(Tracker.InstanceState::revision).toArray(Long[]::new),
            instances.stream().map(Tracker.InstanceState::receipts).toArray(String[]::new)));
  }

  /// Deletes what no answer counts any more; answers PostgreSQL's time.
  Mono<Long> clean() {
    return reader.session(session ->
        session.one(
            CLEAN,
            row -> Columns.number(row, "now"),
            6 * settings.stale().toMillis(),
            2 * settings.instanceIdle().toMillis()));
  }

  /// What is known about an environment, in the eyes of a tenant; empty if it sees no such
  /// environment.
  ///
  /// @param revision the one in question; null for the newest
  Mono<Found> read(TenantId tenant, String project, String environment, @Nullable Long revision) {
    return transactions.inTenant(
        tenant,
        session ->
            session.one(
                READ,
                PropagationRows::found,
                tenant.value(),
                project,
                environment,
                revision,
                settings.stale().toMillis(),
                settings.instanceIdle().toMillis(),
                settings.answeredInstances()));
  }

  private static Found found(Readable row) {
    return new Found(
        new EnvironmentId(Columns.uuid(row, "id")),
        Columns.number(row, "revision"),
        Columns.number(row, "pruned"),
        Columns.number(row, "now"),
        row.get("committed", Long.class),
        Columns.json(row, "nodes"),
        Columns.json(row, "instances"));
  }
}
