package dev.stitchd.segment.upkeep;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Lender;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Function;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Finds what is to be done, in all tenants, as the platform, which is told no more than whose it
/// is; doing it takes a transaction of the tenant.
@Component
final class UpkeepRows {

  private static final String CHANGED =
      "SELECT tenant_id, environment_id FROM stitchd_lists_to_announce($1)";
  private static final String SILENT = "SELECT tenant_id, id FROM stitchd_silent_imports($1)";
  private static final String FAIL_SILENT =
      """
      UPDATE segment_imports SET state = 'failed', finished_at = now(), failure = 'the process that ran it has gone'
       WHERE tenant_id = $1 AND id = $2 AND state = 'running' AND heartbeat_at < now() - make_interval(secs => $3)
      """;
  private static final String UNUSED =
      "SELECT tenant_id, generation FROM stitchd_unused_generations($1)";

  /// How often the index that answers for a key was read, on all nodes; the primary key serves
  /// everything else.
  private static final String LOOK_UPS =
      """
      SELECT coalesce(sum(idx_scan), 0)::bigint AS look_ups FROM pg_stat_user_indexes
       WHERE relname = 'segment_list_members' AND indexrelname <> 'segment_list_members_pkey'
      """;

  record Changed(TenantId tenant, EnvironmentId environment) {}

  record Silent(TenantId tenant, UUID importId) {}

  record UnusedGeneration(TenantId tenant, long generation) {}

  private final Transactions transactions;
  private final Lender reader;

  UpkeepRows(Transactions transactions, @Qualifier("readerLender") Lender reader) {
    this.transactions = transactions;
    this.reader = reader;
  }

  /// Environments with lists that SDKs have not been told of, and were last told `gap` ago.
  Flux<Changed> changed(Duration gap) {
    return rows(
        CHANGED,
        gap,
        row -> new Changed(tenant(row), new EnvironmentId(Columns.uuid(row, "environment_id"))));
  }

  /// Running imports whose process has said nothing for so long.
  Flux<Silent> silent(Duration silence) {
    return rows(SILENT, silence, row -> new Silent(tenant(row), Columns.uuid(row, "id")));
  }

  /// Calls an import failed whose process has fallen silent; 0 if it has not.
  static Mono<Long> fail(Session session, Silent found, Duration silence) {
    return session.run(
        FAIL_SILENT, found.tenant().value(), found.importId(), silence.toMillis() / 1000.0);
  }

  /// Generations that are no list and will never be one, the oldest first.
  Flux<UnusedGeneration> unused(Duration retention) {
    return rows(
        UNUSED,
        retention,
        row -> new UnusedGeneration(tenant(row), Columns.number(row, "generation")));
  }

  /// How many look-ups of keys there have been; told by PostgreSQL about a second late.
  Mono<Long> lookUps() {
    return reader.session(session -> session.one(LOOK_UPS, row -> Columns.number(row, "look_ups")));
  }

  private <T> Flux<T> rows(String sql, Duration ago, Function<Readable, T> mapper) {
    return transactions
        .onPlatform(session -> session.all(sql, mapper, ago.toMillis() / 1000.0))
        .flatMapIterable(found -> found);
  }

  private static TenantId tenant(Readable row) {
    return new TenantId(Columns.uuid(row, "tenant_id"));
  }
}
