package dev.stitchd.segment;

import dev.stitchd.postgres.Transactions;
import dev.stitchd.segment.RemovalRows.Place;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Removes generations that are nobody's list, a batch of members in each transaction, with rests
/// between, so that nobody notices. Several processes may try; one at a time does it.
@Component
final class Removal {

  private final Transactions transactions;
  private final GiveWay giveWay;
  private final ListSettings settings;
  private final Scheduler timer;
  private final Counter removed;

  Removal(
      Transactions transactions,
      GiveWay giveWay,
      ListSettings settings,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    this.transactions = transactions;
    this.giveWay = giveWay;
    this.settings = settings;
    this.timer = timer;
    this.removed =
        Counter.builder("stitchd.lists.removed")
            .description("Members of replaced lists that were removed")
            .register(meters);
  }

  /// Removes a generation; completes when it is gone, or when another process is at it.
  Mono<Void> remove(UpkeepRows.Rubbish rubbish) {
    return mark(rubbish)
        .then(giveWay.resting(batch(rubbish, Place.START)))
        .expand(place -> next(rubbish, place))
        .doOnNext(place -> removed.increment(place.members()))
        .then(forget(rubbish));
  }

  private Mono<Place> next(UpkeepRows.Rubbish rubbish, Place after) {
    return giveWay.resting(batch(rubbish, after)).delaySubscription(settings.removalPause(), timer);
  }

  private Mono<Long> mark(UpkeepRows.Rubbish rubbish) {
    return transactions.inTenant(rubbish.tenant(), session -> RemovalRows.mark(session, rubbish));
  }

  /// Empty after the last batch.
  private Mono<Place> batch(UpkeepRows.Rubbish rubbish, Place after) {
    return transactions.inTenant(
        rubbish.tenant(),
        session ->
            RemovalRows.tryHold(session, rubbish)
                .filter(mine -> mine)
                .flatMap(_ ->
                    RemovalRows.removeAfter(session, rubbish, after, settings.removalBatch())));
  }

  private Mono<Void> forget(UpkeepRows.Rubbish rubbish) {
    return transactions
        .inTenant(rubbish.tenant(), session -> RemovalRows.forget(session, rubbish))
        .then();
  }
}
