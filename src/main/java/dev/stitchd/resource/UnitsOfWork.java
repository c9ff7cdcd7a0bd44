package dev.stitchd.resource;

import dev.stitchd.postgres.Transactions;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// Runs units of work, each in a transaction of its own. Values arrive after the commit, when this
/// node serves what was written; an error takes everything back.
@Component
public final class UnitsOfWork {

  private final Transactions transactions;
  private final ReadYourWrites readYourWrites;

  UnitsOfWork(Transactions transactions, ReadYourWrites readYourWrites) {
    this.transactions = transactions;
    this.readYourWrites = readYourWrites;
  }

  /// Writes in the author's tenant.
  public <T> Mono<T> write(Author author, Function<UnitOfWork, Mono<T>> work) {
    return readYourWrites.afterwards(
        transactions.inTenant(author.tenant(), session -> UnitOfWork.in(session, author, work)));
  }

  /// Creates something in the author's tenant, once for each `Idempotency-Key`.
  ///
  /// @param path of the collection that it is created in
  /// @param find what has a key there now
  public Mono<Written> create(
      Author author,
      String path,
      JsonNode body,
      BiFunction<UnitOfWork, String, Mono<? extends Resource>> find,
      Function<UnitOfWork, Mono<Written>> work) {
    return write(
        author,
        unit -> unit.once(path, body, key -> find.apply(unit, key), () -> work.apply(unit)));
  }

  /// Writes tenants; what lies inside one is reached by [UnitOfWork#inTenant].
  public <T> Mono<T> writeOnPlatform(Author author, Function<UnitOfWork, Mono<T>> work) {
    return readYourWrites.afterwards(
        transactions.onPlatform(session -> UnitOfWork.in(session, author, work)));
  }
}
