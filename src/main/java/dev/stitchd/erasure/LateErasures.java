package dev.stitchd.erasure;

import dev.stitchd.delivery.LateEvents;
import dev.stitchd.erasure.ErasureRows.Found;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.postgres.Transactions;
import java.time.Instant;
import java.util.Set;
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
        .flatMapIterable(found -> found)
        .concatMap(this::again)
        .then();
  }

  private Mono<Long> again(Found found) {
    return transactions.inTenant(found.tenant(), session -> ErasureRows.again(session, found));
  }
}
