package dev.stitchd.catalog.deletion;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.UnitOfWork;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Deletions of projects and environments: begun in the transaction of whoever deletes, and asked
/// for as long as they are remembered. Each publisher emits one value or fails with a
/// [dev.stitchd.kernel.Problem], on an R2DBC event loop.
@Component
public final class Deletions {

  private final Transactions transactions;

  Deletions(Transactions transactions) {
    this.transactions = transactions;
  }

  /// Takes an environment out of sight, ends its streams and keys, and has its rows removed. The
  /// unit holds the project.
  public static Mono<Deletion> ofEnvironment(
      UnitOfWork unit, String project, String key, EnvironmentId environment) {
    return begin(unit, project, key, null, List.of(environment));
  }

  /// The same for a project and its environments, whose rows the unit holds.
  public static Mono<Deletion> ofProject(
      UnitOfWork unit, String project, UUID id, List<EnvironmentId> environments) {
    return begin(unit, project, null, id, environments);
  }

  /// Whether there is anything left to be removed in a tenant.
  public static Mono<Boolean> goOn(Session session, TenantId tenant) {
    return DeletionRows.anyOpen(session, tenant);
  }

  /// Tells that members of a generation were removed, which counts if its environment was deleted.
  public static Mono<Long> countMembers(
      Session session, TenantId tenant, long generation, long removed) {
    return DeletionRows.countMembers(session, tenant, generation, removed);
  }

  /// A tenant's deletions with numbers below `before`, the newest first, one more than `limit`.
  ///
  /// @param projects the keys of those that they may lie in; null for all
  public Mono<List<Deletion>> list(
      TenantId tenant, @Nullable List<String> projects, long before, int limit) {
    return transactions.inTenant(
        tenant, session -> DeletionRows.page(session, tenant, projects, before, limit));
  }

  /// One deletion.
  public Mono<Deletion> get(TenantId tenant, UUID id) {
    return transactions.inTenant(tenant, session -> DeletionRows.find(session, tenant, id));
  }

  private static Mono<Deletion> begin(
      UnitOfWork unit,
      String project,
      @Nullable String environment,
      @Nullable UUID projectId,
      List<EnvironmentId> environments) {
    var session = unit.session();
    return DeletionRows.insert(
            session, unit.tenant(), project, environment, projectId, environments)
        .delayUntil(_ -> DeletionRows.hide(session, unit.tenant(), projectId, environments))
        .delayUntil(_ -> Flux.fromIterable(environments).concatMap(unit::removed).then());
  }
}
