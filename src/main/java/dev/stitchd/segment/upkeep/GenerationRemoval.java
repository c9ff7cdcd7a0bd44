package dev.stitchd.segment.upkeep;

import dev.stitchd.catalog.deletion.Deletions;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.segment.upkeep.GenerationRemovalRows.Place;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Removes generations that are nobody's list, a batch of members in each transaction, with rests
/// between, so that nobody notices. Several processes may try; one at a time does it.
@Component
final class GenerationRemoval {

  private final Transactions transactions;
  private final BulkThrottle throttle;
  private final UpkeepSettings settings;
  private final Scheduler timer;
  private final Counter removed;

  GenerationRemoval(
      Transactions transactions,
      BulkThrottle throttle,
      UpkeepSettings settings,
      @Qualifier("timer") Scheduler timer,
      MeterRegistry meters) {
    this.transactions = transactions;
    this.throttle = throttle;
    this.settings = settings;
    this.timer = timer;
    this.removed =
        Counter.builder("stitchd.lists.removed")
            .description("Members of replaced lists that were removed")
            .register(meters);
  }

  /// Removes a generation; completes when it is gone, or when another process is at it.
  Mono<Void> remove(UpkeepRows.UnusedGeneration unused) {
    return mark(unused)
        .then(throttle.throttled(batch(unused, Place.START)))
        .expand(place -> next(unused, place))
        .doOnNext(place -> removed.increment(place.members()))
        .then(forget(unused));
  }

  private Mono<Place> next(UpkeepRows.UnusedGeneration unused, Place after) {
    return throttle
        .throttled(batch(unused, after))
        .delaySubscription(settings.removalPause(), timer);
  }

  private Mono<Long> mark(UpkeepRows.UnusedGeneration unused) {
    return transactions.inTenant(
        unused.tenant(), session -> GenerationRemovalRows.mark(session, unused));
  }

  /// Empty after the last batch.
  private Mono<Place> batch(UpkeepRows.UnusedGeneration unused, Place after) {
    return transactions.inTenant(
        unused.tenant(),
        session ->
            GenerationRemovalRows.tryLock(session, unused)
                .filter(mine -> mine)
                .flatMap(_ ->
                    GenerationRemovalRows.removeAfter(
                        session, unused, after, settings.removalBatch()))
                .delayUntil(place ->
                    Deletions.countMembers(
                        session, unused.tenant(), unused.generation(), place.members())));
  }

  private Mono<Void> forget(UpkeepRows.UnusedGeneration unused) {
    return transactions
        .inTenant(unused.tenant(), session -> GenerationRemovalRows.forget(session, unused))
        .then();
  }
}
