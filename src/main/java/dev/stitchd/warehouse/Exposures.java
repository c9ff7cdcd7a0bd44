package dev.stitchd.warehouse;

import dev.stitchd.kernel.EnvironmentId;
import java.time.Instant;
import java.util.List;
import reactor.core.publisher.Mono;

/// How many users saw which variant, of evaluations only: counted ones name nobody.
public interface Exposures {

  /// Emits one answer on the scheduler `warehouse`. Fails with [dev.stitchd.kernel.Problem.Invalid]
  /// if there is more to count than a question may take, and with
  /// [dev.stitchd.kernel.Problem.Unavailable] while ClickHouse is out.
  ///
  /// @param from the first moment that counts
  /// @param to the first moment that does not count any more
  /// @param predecessors what is left out
  Mono<Answer> of(
      EnvironmentId environment, String flag, Instant from, Instant to, Predecessors predecessors);

  /// The same where the flag has no predecessor.
  default Mono<Answer> of(EnvironmentId environment, String flag, Instant from, Instant to) {
    return of(environment, flag, from, to, Predecessors.NONE);
  }

  /// What happened to a flag's users.
  ///
  /// @param users different contexts; one that saw several variants is one
  /// @param evaluations different evaluations by these
  /// @param variants in order of their names
  /// @param approximate whether numbers of users are estimates, of which one in three is more than
  ///   0.3 % off, and one in twenty more than 0.6 %; evaluations are always exact
  record Answer(long users, long evaluations, List<Variant> variants, boolean approximate) {

    public Answer(long users, long evaluations, List<Variant> variants) {
      this(users, evaluations, variants, false);
    }
  }

  /// Who saw one variant; one context may have seen several.
  record Variant(String variant, long users, long evaluations) {}
}
