package dev.stitchd.erasure;

import dev.stitchd.delivery.LateEvents;
import dev.stitchd.erasure.ErasureRows.Found;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Transactions;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Begins erasures again when events come late that they are about, or may be.
@Component
final class LateErasures implements LateEvents {

  private final ErasureRows rows;
  private final Transactions transactions;

  LateErasures(ErasureRows rows, Transactions transactions) {
    this.rows = rows;
    this.transactions = transactions;
  }

  @Override
  public Mono<Void> stored(Set<EnvironmentId> environments, Instant receivedSince) {
    return rows.concerned(environments, receivedSince)
        .flatMapIterable(
            found -> found.stream().collect(Collectors.groupingBy(Found::tenant)).entrySet())
        .concatMap(of -> again(of.getKey(), of.getValue()))
        .then();
  }

  private Mono<Long> again(TenantId tenant, List<Found> found) {
    return transactions.inTenant(tenant, session -> ErasureRows.again(session, tenant, found));
  }
}
