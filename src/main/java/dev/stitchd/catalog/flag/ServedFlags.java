package dev.stitchd.catalog.flag;

import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.LookupRows;
import dev.stitchd.revisionlog.PublishedRuleset;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Which production environments serve a flag: those in which it is enabled, also while it is
/// archived, or needed by a flag that is. Only publishers change such a flag.
@Component
public final class ServedFlags {

  private final Transactions transactions;

  ServedFlags(Transactions transactions) {
    this.transactions = transactions;
  }

  /// The keys of the production environments that serve a flag. Emits one value, on an R2DBC event
  /// loop.
  public Mono<Set<String>> in(TenantId tenant, String project, String flag) {
    return transactions.inTenant(
        tenant,
        session ->
            LookupRows.project(session, tenant, project)
                .flatMap(id -> in(session, tenant, id, flag)));
  }

  /// The same inside a transaction, which may hold the project.
  static Mono<Set<String>> in(Session session, TenantId tenant, UUID project, String flag) {
    return DependentRows.productions(session, tenant, project)
        .flatMapIterable(places -> places)
        .filterWhen(place -> serves(session, tenant, place, flag), 1)
        .map(DependentRows.Place::key)
        .collect(Collectors.toUnmodifiableSet());
  }

  private static Mono<Boolean> serves(
      Session session, TenantId tenant, DependentRows.Place place, String flag) {
    return DependentRows.isEnabled(session, tenant, place.environment(), flag)
        .filter(enabled -> enabled)
        .switchIfEmpty(
            Mono.defer(() ->
                PublishedRuleset.load(session, tenant, place.environment())
                    .map(ruleset -> ruleset.serves(flag))));
  }
}
