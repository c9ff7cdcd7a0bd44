package dev.stitchd.segment;

import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.r2dbc.spi.Readable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Removes generations that are nobody's list, a batch of members in each transaction, with rests
/// between, so that nobody notices. Several processes may try; one at a time does it.
@Component
final class Removal {

  private static final String TRY =
      "SELECT pg_try_advisory_xact_lock(hashtextextended('generation ' || $1, 0)) AS mine";
  private static final String MARK =
      "UPDATE segment_generations SET removing = true WHERE tenant_id = $1 AND generation = $2";

  /// Begins where the batch before ended, not at the graves that it left in the index.
  private static final String BATCH =
      """
      WITH doomed AS MATERIALIZED (
        SELECT ctid AS place, included, context_key FROM segment_list_members
         WHERE tenant_id = $1 AND generation = $2 AND (included, context_key) > ($3, $4)
         ORDER BY included, context_key LIMIT $5),
      gone AS (
        DELETE FROM segment_list_members WHERE ctid = ANY (ARRAY(SELECT place FROM doomed)))
      SELECT included, context_key, count(*) OVER () AS members FROM doomed
       ORDER BY included DESC, context_key DESC LIMIT 1
      """;

  private static final String FORGET =
      """
      DELETE FROM segment_generations g WHERE tenant_id = $1 AND generation = $2
         AND NOT EXISTS (SELECT FROM segment_list_members m WHERE m.generation = g.generation)
      """;

  /// How far a removal is: the last member that went.
  private record Place(boolean included, String key, long members) {

    static final Place START = new Place(false, "", 0);

    static Place of(Readable row) {
      return new Place(
          Columns.bool(row, "included"),
          Columns.text(row, "context_key"),
          Columns.number(row, "members"));
    }
  }

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
    return transactions.inTenant(
        rubbish.tenant(),
        session -> session.run(MARK, rubbish.tenant().value(), rubbish.generation()));
  }

  /// Empty after the last batch.
  private Mono<Place> batch(UpkeepRows.Rubbish rubbish, Place after) {
    return transactions.inTenant(
        rubbish.tenant(),
        session ->
            session
                .one(TRY, row -> Columns.bool(row, "mine"), Long.toString(rubbish.generation()))
                .filter(mine -> mine)
                .flatMap(_ -> batch(session, rubbish, after)));
  }

  private Mono<Place> batch(Session session, UpkeepRows.Rubbish rubbish, Place after) {
    return session.one(
        BATCH,
        Place::of,
        rubbish.tenant().value(),
        rubbish.generation(),
        after.included(),
        after.key(),
        settings.removalBatch());
  }

  private Mono<Void> forget(UpkeepRows.Rubbish rubbish) {
    return transactions
        .inTenant(
            rubbish.tenant(),
            session -> session.run(FORGET, rubbish.tenant().value(), rubbish.generation()))
        .then();
  }
}
