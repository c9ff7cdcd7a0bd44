package dev.stitchd.decide;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.ruleset.Facts;
import dev.stitchd.ruleset.Facts.Membership;
import dev.stitchd.ruleset.Needs;
import dev.stitchd.segment.Memberships;
import dev.stitchd.segment.Memberships.Listing;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Fetches what an evaluation needs to know: all memberships of a request in one statement, and
/// none at all if it needs none.
@Component
final class ListFacts {

  private final Memberships memberships;
  private final Clock clock;

  ListFacts(Memberships memberships, Clock clock) {
    this.memberships = memberships;
    this.clock = clock;
  }

  /// The time alone, for evaluations that need no lists.
  Facts none() {
    return Facts.at(clock.instant());
  }

  /// The facts; if they cannot be fetched, everything is unknown, which degrades the evaluation and
  /// does not fail it. Emits at once, on the caller's thread, if nothing is needed.
  Mono<Facts> of(EnvironmentId environment, Needs needs) {
    return needs.isEmpty() ? Mono.fromSupplier(this::none) : fetched(environment, needs);
  }

  private Mono<Facts> fetched(EnvironmentId environment, Needs needs) {
    var members = needs.members();
    return memberships
        .listings(
            environment,
            members.stream().map(Needs.Member::segment).collect(Collectors.toSet()),
            members.stream().map(Needs.Member::contextKey).collect(Collectors.toSet()))
        .map(listings -> facts(needs, listings))
        .onErrorResume(Problem.Unavailable.class, _ -> Mono.fromSupplier(this::none))
        .onErrorResume(Problem.TooLarge.class, _ -> Mono.fromSupplier(this::none));
  }

  /// Lists of different context types are asked for the keys of all of them, so an answer may hold
  /// pairs that nobody needs.
  private Facts facts(Needs needs, List<Listing> listings) {
    Map<Needs.Member, Membership> known = HashMap.newHashMap(needs.members().size());
    needs.members().forEach(member -> known.put(member, Membership.ABSENT));
    for (var listing : listings) {
      known.computeIfPresent(
          new Needs.Member(listing.segment(), listing.key()),
          (_, before) -> both(before, listing.included()));
    }
    return new Facts(known, clock.instant());
  }

  private static Membership both(Membership before, boolean included) {
    return included && before != Membership.EXCLUDED ? Membership.INCLUDED : Membership.EXCLUDED;
  }
}
