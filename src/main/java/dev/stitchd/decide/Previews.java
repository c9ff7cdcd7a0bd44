package dev.stitchd.decide;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.EnvironmentSettings;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.ruleset.Evaluator;
import dev.stitchd.ruleset.Explanation;
import dev.stitchd.ruleset.Ruleset;
import java.util.HashSet;
import java.util.Set;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// What a flag would give to a context, and why. Never an exposure, never a count: it does not know
/// the [Recorder].
@Component
public final class Previews {

  private final ListFacts facts;

  Previews(ListFacts facts) {
    this.facts = facts;
  }

  /// The explanation under a ruleset, with the lists as they are now; degraded if they cannot be
  /// asked. Attributes that the settings or the context call private are masked.
  ///
  /// @param settings the environment's settings
  public Mono<Explanation> explain(
      EnvironmentId environment,
      Ruleset ruleset,
      EnvironmentSettings settings,
      String flagKey,
      EvaluationContext context) {
    return facts
        .of(environment, Evaluator.needsToExplain(ruleset, flagKey, context))
        .map(known ->
            Evaluator.explain(ruleset, flagKey, context, known, hidden(settings, context)));
  }

  private static Set<String> hidden(EnvironmentSettings settings, EvaluationContext context) {
    var paths = new HashSet<>(context.privateAttributes());
    paths.addAll(settings.privateAttributes());
    return paths;
  }
}
