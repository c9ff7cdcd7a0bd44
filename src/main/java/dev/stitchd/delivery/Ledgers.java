package dev.stitchd.delivery;

import dev.stitchd.kernel.EnvironmentId;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.Function;

/// A ledger for each environment, for so many of them: the others are not told apart. Safe from any
/// thread.
final class Ledgers {

  private final int most;
  private final Map<EnvironmentId, Ledger> ledgers = new ConcurrentHashMap<>();
  private final Ledger others = new Ledger();

  Ledgers(int most) {
    this.most = most;
  }

  /// Adds each environment's share to one of its numbers.
  void add(Census census, Function<Ledger, LongAdder> column) {
    each(census, (ledger, count) -> column.apply(ledger).add(count));
  }

  /// Moves each environment's share from one of its numbers to another.
  void move(Census census, Function<Ledger, LongAdder> from, Function<Ledger, LongAdder> to) {
    each(
        census,
        (ledger, count) -> {
          from.apply(ledger).add(-count);
          to.apply(ledger).add(count);
        });
  }

  private void each(Census census, BiConsumer<Ledger, Integer> change) {
    census.counts().forEach((environment, count) -> change.accept(of(environment), count));
  }

  Ledger of(EnvironmentId environment) {
    var known = ledgers.get(environment);
    if (known != null) {
      return known;
    }
    // Two who ask at the same moment may go one beyond.
    return ledgers.size() < most ? ledgers.computeIfAbsent(environment, _ -> new Ledger()) : others;
  }

  EventAccount.Standing standing(EnvironmentId environment) {
    var known = ledgers.get(environment);
    return known == null ? new Ledger().standing(ledgers.size() < most) : known.standing(true);
  }
}
