package dev.stitchd.resource;

import dev.stitchd.postgres.Transactions;
import java.util.function.Function;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Runs units of work, each in a transaction of its own. Values arrive after the commit; an error
/// takes everything back.
@Component
public final class UnitsOfWork {

  private final Transactions transactions;

  UnitsOfWork(Transactions transactions) {
    this.transactions = transactions;
  }

  /// Writes in the author's tenant.
  public <T> Mono<T> write(Author author, Function<UnitOfWork, Mono<T>> work) {
    return transactions.inTenant(author.tenant(), session -> UnitOfWork.in(session, author, work));
  }

  /// Writes tenants; what lies inside one is reached by [UnitOfWork#inTenant].
  public <T> Mono<T> writeOnPlatform(Author author, Function<UnitOfWork, Mono<T>> work) {
    return transactions.onPlatform(session -> UnitOfWork.in(session, author, work));
  }
}
