package dev.stitchd.people;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grant;
import dev.stitchd.permission.Grants;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import io.r2dbc.spi.Readable;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// `role_grants`: the roles of users and tokens.
final class GrantRows {

  private static final String INSERT =
      """
      INSERT INTO role_grants (tenant_id, user_id, token_id, role, project_id, environment_id)
      SELECT $1, $2::uuid, $3::uuid, $4, p.id, e.id FROM (VALUES (1)) AS one
        LEFT JOIN projects p ON p.tenant_id = $1 AND p.key = $5
        LEFT JOIN environments e ON e.tenant_id = $1 AND e.project_id = p.id AND e.key = $6
      """;
  private static final String PLACE =
      """
      SELECT p.id IS NOT NULL AS project, e.id IS NOT NULL AS environment FROM (VALUES (1)) AS one
        LEFT JOIN projects p ON p.tenant_id = $1 AND p.key = $2
        LEFT JOIN environments e ON e.tenant_id = $1 AND e.project_id = p.id AND e.key = $3
      """;

  private GrantRows() {}

  /// Gives roles to a user or to a token. Fails with [dev.stitchd.kernel.Problem.Invalid] for what
  /// is not there.
  ///
  /// @param user null if they are a token's
  /// @param token null if they are a user's
  static Mono<Void> give(
      Session session, TenantId tenant, @Nullable UUID user, @Nullable UUID token, Grants grants) {
    return check(session, tenant, grants.all())
        .thenMany(Flux.fromIterable(grants.all()))
        .concatMap(grant ->
            session.run(
                INSERT,
                tenant.value(),
                user,
                token,
                grant.role().wireName(),
                grant.project(),
                grant.environment()))
        .then();
  }

  /// Refuses roles in what is not there.
  static Mono<Void> check(Session session, TenantId tenant, List<Grant> grants) {
    var errors = new FieldErrors();
    return Flux.range(0, grants.size())
        .concatMap(i -> check(session, tenant, grants.get(i), "roles[" + i + "]", errors))
        .then(Mono.fromRunnable(errors::throwIfAny));
  }

  private static Mono<Void> check(
      Session session, TenantId tenant, Grant grant, String path, FieldErrors errors) {
    return grant.project() == null
        ? Mono.empty()
        : session
            .one(
                PLACE,
                row -> missing(row, grant),
                tenant.value(),
                grant.project(),
                grant.environment())
            .doOnNext(missing -> {
              if (!missing.isEmpty()) {
                errors.add(path + "." + missing, "there is no such " + missing);
              }
            })
            .then();
  }

  private static String missing(Readable row, Grant grant) {
    if (!Columns.bool(row, "project")) {
      return "project";
    }
    return grant.environment() == null || Columns.bool(row, "environment") ? "" : "environment";
  }
}
