package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// The statements on `deleted_flags`.
final class DeletedFlagRows {

  /// More than answers about all flags can leave out one by one.
  private static final int MOST = 2_000;

  private record Mark(String key, Instant deletedAt) {}

  private DeletedFlagRows() {}

  /// That the flag with this key is gone, as of now.
  static Mono<Long> mark(Session session, TenantId tenant, EnvironmentId environment, String key) {
    return session.run(
        """
        INSERT INTO deleted_flags (tenant_id, environment_id, key, deleted_at) VALUES ($1, $2, $3, clock_timestamp())
        ON CONFLICT (tenant_id, environment_id, key) DO UPDATE SET deleted_at = excluded.deleted_at
        """,
        tenant.value(),
        environment.value(),
        key);
  }

  /// When flags were deleted, by key: the latest of them, or one alone.
  static Mono<Map<String, Instant>> marks(
      Session session, TenantId tenant, EnvironmentId environment, @Nullable String key) {
    return session
        .all(
            """
            SELECT key, deleted_at FROM deleted_flags
             WHERE tenant_id = $1 AND environment_id = $2 AND ($3::text IS NULL OR key = $3)
             ORDER BY deleted_at DESC LIMIT $4
            """,
            row -> new Mark(Columns.text(row, "key"), Columns.instant(row, "deleted_at")),
            tenant.value(),
            environment.value(),
            key,
            MOST)
        .map(marks -> marks.stream().collect(Collectors.toMap(Mark::key, Mark::deletedAt)));
  }
}
