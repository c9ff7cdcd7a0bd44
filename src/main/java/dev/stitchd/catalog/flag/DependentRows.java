package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import io.r2dbc.spi.Readable;
import java.util.List;
import java.util.UUID;
import reactor.core.publisher.Mono;

/// Where dependents are looked for.
final class DependentRows {

  private static final String ENVIRONMENTS =
      "SELECT id, key FROM environments WHERE tenant_id = $1 AND project_id = $2 ORDER BY key";
  private static final String PRODUCTIONS =
      "SELECT id, key FROM environments WHERE tenant_id = $1 AND project_id = $2 AND production ORDER BY key";
  private static final String ENABLED =
      """
      SELECT 1 FROM flag_values v JOIN feature_flags f ON f.tenant_id = v.tenant_id AND f.id = v.flag_id
       WHERE v.tenant_id = $1 AND v.environment_id = $2 AND f.key = $3 AND v.enabled
      """;
  private static final String SEGMENT =
      "SELECT 1 FROM segments WHERE tenant_id = $1 AND environment_id = $2 AND key = $3";

  record Place(EnvironmentId environment, String key) {}

  private DependentRows() {}

  /// The environments of a project, in order of key.
  static Mono<List<Place>> environments(Session session, TenantId tenant, UUID project) {
    return session.all(ENVIRONMENTS, DependentRows::place, tenant.value(), project);
  }

  /// Those of them that are marked production.
  static Mono<List<Place>> productions(Session session, TenantId tenant, UUID project) {
    return session.all(PRODUCTIONS, DependentRows::place, tenant.value(), project);
  }

  /// Whether a flag is enabled in an environment, or was when it was archived: then it is served as
  /// soon as it is archived no more.
  static Mono<Boolean> isEnabled(
      Session session, TenantId tenant, EnvironmentId environment, String flag) {
    return session.any(ENABLED, tenant.value(), environment.value(), flag);
  }

  private static Place place(Readable row) {
    return new Place(new EnvironmentId(Columns.uuid(row, "id")), Columns.text(row, "key"));
  }

  static Mono<Boolean> hasSegment(
      Session session, TenantId tenant, EnvironmentId environment, String segment) {
    return session.any(SEGMENT, tenant.value(), environment.value(), segment);
  }
}
