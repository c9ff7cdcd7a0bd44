package dev.stitchd.resource;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.PathScope;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import java.util.Map;
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

  /// What a path leads to, if everything that it names by its key is there, so that whoever may
  /// not, or must not, be told anything else about it is told that first.
  ///
  /// @param keys the path's variables
  public Mono<PathScope> scope(TenantId tenant, Map<String, String> keys) {
    if (keys.containsKey("tenant")) {
      return transactions
          .onPlatform(session -> LookupRows.isTenant(session, keys.getOrDefault("tenant", "")))
          .flatMap(is -> is ? Mono.just(PathScope.TENANT) : Mono.error(no("tenant", keys)));
    }
    return !keys.containsKey("project")
        ? Mono.just(PathScope.TENANT)
        : transactions
            .inTenant(tenant, session -> LookupRows.find(session, tenant, keys))
            .flatMap(found ->
                found.missing().isEmpty()
                    ? Mono.just(found.scope())
                    : Mono.error(no(found.missing().getFirst(), keys)));
  }

  private static Problem no(String name, Map<String, String> keys) {
    var key = keys.getOrDefault(name, "");
    return switch (name) {
      case "tenant" -> new Problem.NotFound("there is no tenant '" + key + "'");
      case "project" -> LookupRows.noProject(key);
      case "environment" -> LookupRows.noEnvironment(key);
      case "flag" -> new Problem.NotFound("there is no flag '" + key + "' in this project");
      default -> new Problem.NotFound("there is no " + name + " '" + key + "' in this environment");
    };
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
