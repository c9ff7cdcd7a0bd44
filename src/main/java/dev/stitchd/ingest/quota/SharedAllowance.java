package dev.stitchd.ingest.quota;

import dev.stitchd.kernel.EnvironmentSettings.EventQuota;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// A sender's part of the tokens that all nodes share, and for public keys what its address may
/// send.
final class SharedAllowance implements Allowance {

  private static final long JITTER_MILLIS = 1_000;

  /// One bucket's tokens on this node, under the quota as it is now.
  record Part(TokenBalance balance, EventQuota quota) {}

  private final List<Part> parts;
  private final AddressBuckets.@Nullable Bucket address;
  private final Duration patience;
  private final Scheduler timer;
  private final RandomGenerator chance;

  /// @param parts the narrowest first
  /// @param patience how long to wait for the next lease
  SharedAllowance(
      List<Part> parts,
      AddressBuckets.@Nullable Bucket address,
      Duration patience,
      Scheduler timer,
      RandomGenerator chance) {
    this.parts = List.copyOf(parts);
    this.address = address;
    this.patience = patience;
    this.timer = timer;
    this.chance = chance;
  }

  @Override
  public Mono<Grant> take(int events) {
    return Mono.defer(() -> first(events));
  }

  private Mono<Grant> first(int events) {
    if (address != null && !address.take(events)) {
      return Mono.just(tooMany("this address sends too many events", address.paidAfter()));
    }
    parts.forEach(part -> part.balance().want(events, part.quota()));
    var lacking = takeAll(events);
    return lacking == null
        ? Mono.just(new Grant.Given())
        : lacking
            .nextLease()
            .timeout(patience, Mono.empty(), timer)
            .then(Mono.fromSupplier(() -> again(events)));
  }

  private Grant again(int events) {
    var lacking = takeAll(events);
    if (lacking == null) {
      return new Grant.Given();
    }
    if (address != null) {
      address.giveBack(events);
    }
    return tooMany("the environment's quota of events is used up", lacking.paidAfter());
  }

  /// Null if all parts gave; else the one that did not, and nothing is taken.
  private @Nullable TokenBalance takeAll(int events) {
    for (int i = 0; i < parts.size(); i++) {
      if (!parts.get(i).balance().take(events)) {
        parts.subList(0, i).forEach(part -> part.balance().giveBack(events));
        return parts.get(i).balance();
      }
    }
    return null;
  }

  @Override
  public void giveBack(int events) {
    parts.forEach(part -> part.balance().giveBack(events));
    if (address != null) {
      address.giveBack(events);
    }
  }

  private Grant tooMany(String detail, Duration paidAfter) {
    return new Grant.Short(
        detail + "; send the same events again",
        paidAfter.plusMillis(chance.nextLong(JITTER_MILLIS)));
  }
}
