package dev.stitchd.ingest.quota;

import dev.stitchd.kernel.EnvironmentSettings.EventQuota;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/// The tokens of one bucket that this node holds. May run into debt: by what arrives within one
/// lease at the full rate, before tokens are refused, and by the one request that uses up the last
/// of them; what is owed is paid by the next leases. Safe from any thread.
final class TokenBalance {

  /// How fast the share follows the leases: two seconds at four leases a second.
  private static final double FOLLOW = 0.125;

  /// The least share of a quota that a node uses by itself while PostgreSQL is out.
  private static final double LEAST_SHARE = 0.1;

  private static final double NEGLIGIBLE = 0.5;

  private final double leaseSeconds;
  private EventQuota quota;
  private double net;
  private double demand;
  private double expected;
  private double share;
  private Sinks.Empty<Void> next = Sinks.empty();

  TokenBalance(EventQuota quota, Duration lease) {
    this.quota = quota;
    this.share = quota.perSecond();
    this.leaseSeconds = lease.toNanos() / 1e9;
  }

  /// Notes that somebody wants so many tokens, so that they are leased; once for each request.
  synchronized void want(int events, EventQuota current) {
    quota = current;
    demand += Math.max(1, events);
  }

  /// Takes tokens, all or none.
  synchronized boolean take(int events) {
    if (net <= -overdraft()) {
      return false;
    }
    net -= events;
    return true;
  }

  synchronized void giveBack(int events) {
    net += events;
  }

  /// Completes at the next lease; on the lease's thread.
  synchronized Mono<Void> nextLease() {
    return next.asMono();
  }

  /// When tokens may be there again.
  synchronized Duration paidAfter() {
    double missing = Math.max(0, -overdraft() - net);
    return Duration.ofMillis((long) (1_000 * missing / Math.max(share, quota.perSecond() / 100)));
  }

  synchronized EventQuota quota() {
    return quota;
  }

  /// How many tokens to ask for: what is owed, and what was used lately; negative to give back what
  /// was not. Begins the next period.
  synchronized double ask() {
    expected = Math.max(demand, expected / 2);
    demand = 0;
    return expected - net;
  }

  /// Whether there is nothing to ask for.
  synchronized boolean isIdle() {
    return demand == 0 && expected < NEGLIGIBLE && Math.abs(net) < NEGLIGIBLE;
  }

  /// Takes in what the lease gave.
  void settle(double granted, double seconds) {
    synchronized (this) {
      net += granted;
      if (expected >= NEGLIGIBLE) {
        share += (Math.max(0, granted) / seconds - share) * FOLLOW;
        share = Math.min(share, quota.perSecond()); // a burst is no share
      }
    }
    wake();
  }

  /// Goes on with the last share, since PostgreSQL did not answer; a second's worth is kept at
  /// most.
  void settleAlone(double seconds) {
    synchronized (this) {
      double each = Math.max(share, quota.perSecond() * LEAST_SHARE);
      net = Math.min(net + each * seconds, Math.max(net, each));
    }
    wake();
  }

  private void wake() {
    Sinks.Empty<Void> waiting;
    synchronized (this) {
      waiting = next;
      next = Sinks.empty();
    }
    // Emitted once, by whoever took it; that nobody waits is fine.
    var _ = waiting.tryEmitEmpty();
  }

  private double overdraft() {
    return quota.perSecond() * leaseSeconds;
  }
}
