package dev.stitchd.resource;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import java.util.UUID;
import java.util.function.BiFunction;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Reads what a path names, each in a transaction of the tenant. Fails with
/// [dev.stitchd.kernel.Problem.NotFound] if the project or the environment is not there.
@Component
public final class Lookups {

  private final Transactions transactions;

  Lookups(Transactions transactions) {
    this.transactions = transactions;
  }

  /// Reads inside a project.
  public <T> Mono<T> inProject(
      TenantId tenant, String project, BiFunction<Session, UUID, Mono<T>> read) {
    return transactions.inTenant(
        tenant,
        session ->
            LookupRows.project(session, tenant, project).flatMap(id -> read.apply(session, id)));
  }

  /// Reads inside an environment.
  public <T> Mono<T> inEnvironment(
      TenantId tenant,
      String project,
      String environment,
      BiFunction<Session, EnvironmentId, Mono<T>> read) {
    return transactions.inTenant(
        tenant,
        session ->
            LookupRows.environment(session, tenant, project, environment)
                .flatMap(id -> read.apply(session, new EnvironmentId(id))));
  }
}
