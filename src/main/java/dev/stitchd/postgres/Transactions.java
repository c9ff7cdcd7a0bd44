package dev.stitchd.postgres;

import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Transactions of the management plane: each sees one tenant only, by row-level security, whatever
/// its statements say.
@Component
public final class Transactions {

  private static final String UNIQUE_VIOLATION = "23505";
  private static final String FOREIGN_KEY_VIOLATION = "23503";

  private static final String TENANT =
      "SELECT set_config('stitchd.tenant', $1, true), pg_backend_pid() AS backend";
  private static final String PLATFORM =
      "SELECT set_config('stitchd.platform', $1, true), pg_backend_pid() AS backend";

  private static final String SAVEPOINT = "SAVEPOINT part";
  private static final String BACK = "ROLLBACK TO SAVEPOINT part";

  private final Lender management;

  /// @param management lends connections of the role whose rows have a tenant
  public Transactions(@Qualifier("managementLender") Lender management) {
    this.management = management;
  }

  /// Runs `work` in one transaction of a tenant. Its value arrives after the commit; an error rolls
  /// back, and a cancellation ends the connection, which does the same.
  public <T> Mono<T> inTenant(TenantId tenant, Function<Session, Mono<T>> work) {
    return transaction(TENANT, tenant.toString(), work);
  }

  /// Runs `work` in one transaction that may see and make tenants, and nothing inside them.
  public <T> Mono<T> onPlatform(Function<Session, Mono<T>> work) {
    return transaction(PLATFORM, "on", work);
  }

  /// Lets a running transaction of the platform see another tenant from here on.
  public static Mono<Boolean> enter(Session session, TenantId tenant) {
    return Mono.defer(() -> session.one(TENANT, _ -> true, tenant.toString()));
  }

  private <T> Mono<T> transaction(String scope, String value, Function<Session, Mono<T>> work) {
    return management
        .transaction(session -> committed(session, begun(session, scope, value), work))
        .onErrorMap(R2dbcDataIntegrityViolationException.class, Transactions::meaningOf);
  }

  /// The commit is part of the work, not of the clearing up: if it fails, that is the answer, and
  /// the connection still goes back.
  private static <T> Mono<T> committed(
      Session session, Mono<?> begun, Function<Session, Mono<T>> work) {
    return Flux.concat(
            begun.then(Mono.defer(() -> work.apply(session))),
            session.commit().then(Mono.<T>empty()))
        .singleOrEmpty();
  }

  private static Mono<?> begun(Session session, String scope, String value) {
    return session
        .begin()
        .then(session.one(scope, row -> Columns.number(row, "backend"), value))
        .doOnNext(session::servedBy);
  }

  /// Runs a part of a running transaction; if it is refused, that part alone is taken back.
  public static <T> Mono<T> attempt(Session session, Supplier<Mono<T>> part) {
    return session
        .run(SAVEPOINT)
        .then(Mono.defer(part))
        .onErrorMap(R2dbcDataIntegrityViolationException.class, Transactions::meaningOf)
        .onErrorResume(Problem.class, problem -> session.run(BACK).then(Mono.error(problem)));
  }

  private static Throwable meaningOf(R2dbcDataIntegrityViolationException violation) {
    return switch (String.valueOf(violation.getSqlState())) {
      case UNIQUE_VIOLATION ->
          new Problem.Conflict("key-taken", "another resource already has this key");
      case FOREIGN_KEY_VIOLATION ->
          new Problem.NotFound("what this would belong to has just been deleted");
      default -> violation;
    };
  }
}
