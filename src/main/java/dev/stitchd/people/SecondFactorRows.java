package dev.stitchd.people;

import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import java.util.Optional;
import java.util.UUID;
import reactor.core.publisher.Mono;

/// The second factors in `users`. Each change names the text that it was decided by, so that of two
/// at once one is too late.
final class SecondFactorRows {

  private static final String FACTOR =
      "SELECT second_factor AS sealed FROM users WHERE tenant_id = $1 AND id = $2";
  private static final String PENDING =
      "SELECT second_factor_pending AS sealed FROM users WHERE tenant_id = $1 AND id = $2";
  private static final String BEGIN =
      "UPDATE users SET second_factor_pending = $3 WHERE tenant_id = $1 AND id = $2 AND second_factor IS NULL";
  private static final String CONFIRM =
      """
      UPDATE users SET second_factor = $3, second_factor_step = $4, second_factor_pending = NULL
       WHERE tenant_id = $1 AND id = $2 AND second_factor_pending = $3 AND second_factor IS NULL
      """;
  private static final String USE =
      """
      UPDATE users SET second_factor_step = $4
       WHERE tenant_id = $1 AND id = $2 AND second_factor = $3 AND COALESCE(second_factor_step < $4, true)
      """;
  private static final String WITHOUT =
      "SELECT 1 FROM users WHERE tenant_id = $1 AND id = $2 AND second_factor IS NULL FOR UPDATE";
  private static final String REMOVE =
      """
      UPDATE users SET second_factor = NULL, second_factor_step = NULL, second_factor_pending = NULL
       WHERE tenant_id = $1 AND id = $2 AND second_factor IS NOT NULL
      """;

  private SecondFactorRows() {}

  /// The encrypted secret that codes are asked of; empty for none.
  static Mono<String> factor(Session session, TenantId tenant, UUID id) {
    return sealed(session, FACTOR, tenant, id);
  }

  /// The encrypted secret that waits for its first code; empty for none.
  static Mono<String> pending(Session session, TenantId tenant, UUID id) {
    return sealed(session, PENDING, tenant, id);
  }

  /// Keeps a secret that is to be confirmed; false if there is a factor already.
  static Mono<Boolean> begin(Session session, TenantId tenant, UUID id, String sealed) {
    return isDone(session.run(BEGIN, tenant.value(), id, sealed));
  }

  /// The pending secret is the factor from now on; false if it is not pending any more.
  static Mono<Boolean> confirm(
      Session session, TenantId tenant, UUID id, String sealed, long step) {
    return isDone(session.run(CONFIRM, tenant.value(), id, sealed, step));
  }

  /// Uses a code up; false if it, or a later one, has been used, or the factor is another one now.
  static Mono<Boolean> use(Session session, TenantId tenant, UUID id, String sealed, long step) {
    return isDone(session.run(USE, tenant.value(), id, sealed, step));
  }

  /// Whether no code is asked for, until the transaction ends.
  static Mono<Boolean> isWithout(Session session, TenantId tenant, UUID id) {
    return session.any(WITHOUT, tenant.value(), id);
  }

  /// Removes the factor; false if there is none.
  static Mono<Boolean> remove(Session session, TenantId tenant, UUID id) {
    return isDone(session.run(REMOVE, tenant.value(), id));
  }

  private static Mono<String> sealed(Session session, String sql, TenantId tenant, UUID id) {
    return session
        .one(sql, row -> Optional.ofNullable(row.get("sealed", String.class)), tenant.value(), id)
        .flatMap(Mono::justOrEmpty);
  }

  private static Mono<Boolean> isDone(Mono<Long> rows) {
    return rows.map(changed -> changed > 0);
  }
}
