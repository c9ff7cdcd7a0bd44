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

  /// Of so many checks, a node that changed no list lately asks PostgreSQL in one: what it would
  /// find is what another node has changed, which announces it unless it dies.
  private static final int CHECKS_OF_A_QUIET_NODE = 5;

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
  private long changesSeen;
  private int checksSoon;
  private int checksLeftOut;

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
        Turns.every(settings.announceCheck(), timer, this::announceIfDue),
        every(settings.askedCheck(), throttle::check, checks),
        every(settings.removalCheck(), this::clear, removals));
  }

  /// Never ends; a round that is due while another still runs is left out.
  private Flux<Void> every(Duration interval, Supplier<Mono<Void>> round, OutageLog outage) {
    return Turns.every(interval, timer, () -> reported(round.get(), outage));
  }

  /// Fails never: the next round tries again.
  private static Mono<Void> reported(Mono<Void> round, OutageLog outage) {
    return round.doOnSuccess(_ -> outage.worked()).doOnError(outage::failed).onErrorComplete();
  }

  private Mono<Void> announceIfDue() {
    long changes = lists.changes();
    if (changes != changesSeen) {
      changesSeen = changes;
      checksSoon = checksAfterChange();
    }
    if (checksSoon > 0) {
      checksSoon--;
    } else if (++checksLeftOut < CHECKS_OF_A_QUIET_NODE) {
      return Mono.empty();
    }
    checksLeftOut = 0;
    return reported(announce(), announcements);
  }

  /// A change may be committed a little later than it is counted, and announced one gap after that.
  private int checksAfterChange() {
    var gap = settings.announceGap().toNanos();
    return CHECKS_OF_A_QUIET_NODE
        + (int) Math.min(Integer.MAX_VALUE / 2, 2 * gap / settings.announceCheck().toNanos());
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
