package dev.stitchd.segment.upkeep;

import dev.stitchd.background.BackgroundJob;
import dev.stitchd.background.OutageLog;
import dev.stitchd.background.StartOrder;
import dev.stitchd.background.Turns;
import dev.stitchd.catalog.segment.SegmentLists;
import dev.stitchd.postgres.Transactions;
import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// What goes on in the background, on every node, and survives the death of any: changed lists are
/// announced, imports that lost their process are called failed, generations that are nobody's list
/// are removed. What is to be done is found in the database each time, so nothing is remembered.
@Component
final class ListUpkeep implements BackgroundJob {

  private static final Logger LOG = LoggerFactory.getLogger(ListUpkeep.class);

  /// Environments whose lists are announced side by side.
  private static final int ANNOUNCEMENTS = 2;

  private final OutageLog announcements =
      new OutageLog(
          LOG,
          "Lists: changes cannot be announced, so SDKs that remember memberships go on with old ones; trying again",
          "Lists: changes are announced again");
  private final OutageLog checks =
      new OutageLog(
          LOG,
          "Lists: look-ups cannot be counted, so imports and removals do not notice whether lists are asked; trying again",
          "Lists: look-ups are counted again");
  private final OutageLog removals =
      new OutageLog(
          LOG,
          "Lists: unused members are not removed and imports that lost their process are not called failed; trying again",
          "Lists: unused members are removed again");
  private final UpkeepRows rows;
  private final SegmentLists lists;
  private final Transactions transactions;
  private final GenerationRemoval removal;
  private final BulkThrottle throttle;
  private final UpkeepSettings settings;
  private final Scheduler timer;

  ListUpkeep(
      UpkeepRows rows,
      SegmentLists lists,
      Transactions transactions,
      GenerationRemoval removal,
      BulkThrottle throttle,
      UpkeepSettings settings,
      @Qualifier("timer") Scheduler timer) {
    this.rows = rows;
    this.lists = lists;
    this.transactions = transactions;
    this.removal = removal;
    this.throttle = throttle;
    this.settings = settings;
    this.timer = timer;
  }

  @Override
  public String name() {
    return "upkeep of lists";
  }

  @Override
  public String withoutIt() {
    return "changed lists are not announced and old ones not removed";
  }

  @Override
  public StartOrder order() {
    return StartOrder.REQUEST_WORK;
  }

  @Override
  public Flux<Void> work() {
    return Flux.merge(
        every(settings.announceCheck(), this::announce, announcements),
        every(settings.askedCheck(), throttle::check, checks),
        every(settings.removalCheck(), this::clear, removals));
  }

  /// Never ends; a round that is due while another still runs is left out.
  private Flux<Void> every(Duration interval, Supplier<Mono<Void>> round, OutageLog outage) {
    return Turns.every(
        interval,
        timer,
        () ->
            round
                .get()
                .doOnSuccess(_ -> outage.worked())
                .doOnError(outage::failed)
                .onErrorComplete()); // the next round tries again
  }

  private Mono<Void> announce() {
    return rows.changed(settings.announceGap())
        .flatMapDelayError(
            found -> lists.announce(found.tenant(), found.environment(), settings.announceGap()),
            ANNOUNCEMENTS,
            1)
        .then();
  }

  private Mono<Void> clear() {
    return rows.silent(settings.silence())
        .concatMapDelayError(this::abandon)
        .thenMany(rows.unused(settings.retention()))
        .concatMapDelayError(removal::remove)
        .then();
  }

  private Mono<Long> abandon(UpkeepRows.Silent found) {
    return transactions
        .inTenant(found.tenant(), session -> UpkeepRows.fail(session, found, settings.silence()))
        .filter(ended -> ended > 0)
        .doOnNext(_ ->
            LOG.warn(
                "Lists: import {} has failed, since the process that ran it wrote no heartbeat for {}; the list is what it was, upload it again",
                found.importId(),
                settings.silence()));
  }
}
