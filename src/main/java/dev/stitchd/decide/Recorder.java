package dev.stitchd.decide;

import dev.stitchd.delivery.Event;
import dev.stitchd.delivery.EventQueue;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.EvaluationContext;
import dev.stitchd.kernel.SeenAttributes;
import dev.stitchd.kernel.UuidV7;
import dev.stitchd.ruleset.ErrorCode;
import dev.stitchd.ruleset.Evaluation;
import dev.stitchd.snapshot.Snapshot;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/// Records what this server's evaluations gave. Never waits; what does not fit is dropped and
/// counted. Safe from any thread.
@Component
final class Recorder {

  private static final String TARGETING_KEY = "targetingKey";

  private final EventQueue queue;
  private final EvaluationCounts tally;
  private final Clock clock;
  private final RandomGenerator chance;
  private final Counter single;
  private final Counter bulk;
  private final Counter degraded;
  private final Counter unsupported;
  private final Counter withoutKey;

  Recorder(
      EventQueue queue,
      EvaluationCounts tally,
      Clock clock,
      RandomGenerator chance,
      MeterRegistry meters) {
    this.queue = queue;
    this.tally = tally;
    this.clock = clock;
    this.chance = chance;
    this.single = evaluations(meters, "single");
    this.bulk = evaluations(meters, "bulk");
    this.degraded =
        Counter.builder("stitchd.decide.degraded")
            .description("Evaluations that lacked a fact")
            .register(meters);
    this.unsupported =
        Counter.builder("stitchd.decide.unsupported")
            .description("Evaluations that met an item which this version cannot read")
            .register(meters);
    this.withoutKey =
        Counter.builder("stitchd.decide.targeting.key.missing")
            .description(
                "Evaluations that a rollout decided and the context had nothing to bucket by")
            .register(meters);
  }

  /// One flag was given to one context.
  void given(Snapshot snapshot, Evaluation evaluation, EvaluationContext context) {
    single.increment(isReal(snapshot.environment()) ? 1 : 0);
    var variant = recordedVariant(evaluation);
    if (variant != null) {
      var hidden = snapshot.settings().privateAttributes();
      var key = storableKey(hidden, context);
      if (key == null) {
        count(snapshot.environment(), evaluation.flagKey(), variant);
      } else {
        var attributes = SeenAttributes.of(context, hidden);
        record(exposure(snapshot.environment(), evaluation, variant, key, attributes));
      }
    }
  }

  /// All flags were given to one context.
  void givenAll(EnvironmentId environment, List<Evaluation> evaluations) {
    bulk.increment(isReal(environment) ? evaluations.size() : 0);
    for (var evaluation : evaluations) {
      var variant = recordedVariant(evaluation);
      if (variant != null) {
        count(environment, evaluation.flagKey(), variant);
      }
    }
  }

  private void record(Event.Evaluation exposure) {
    if (isReal(exposure.environment())) {
      queue.record(exposure);
    }
  }

  private void count(EnvironmentId environment, String flagKey, String variant) {
    if (isReal(environment)) {
      tally.add(environment, flagKey, variant);
    }
  }

  /// Asked last, so that a node that warms up goes all the way.
  private static boolean isReal(EnvironmentId environment) {
    return !environment.equals(EnvironmentId.REHEARSED);
  }

  /// Null for errors (who hears of one gives its own default), for off variants given because a
  /// newer server's flag cannot be read here, and for degraded answers, which may be others once
  /// the fact can be fetched.
  private @Nullable String recordedVariant(Evaluation evaluation) {
    if (evaluation.unsupported() != null) {
      unsupported.increment();
      return null;
    }
    if (evaluation.degraded()) {
      degraded.increment();
      return null;
    }
    if (evaluation.error() == ErrorCode.TARGETING_KEY_MISSING) {
      withoutKey.increment();
      return null;
    }
    return evaluation.variant();
  }

  private Event.Evaluation exposure(
      EnvironmentId environment,
      Evaluation evaluation,
      String variant,
      String contextKey,
      Map<String, String> attributes) {
    var now = clock.instant();
    return new Event.Evaluation(
        environment,
        UuidV7.at(now, chance),
        now,
        now,
        Event.Source.STITCHD,
        evaluation.flagKey(),
        variant,
        evaluation.ruleId(),
        evaluation.reason().name(),
        EvaluationContext.USER,
        contextKey,
        attributes);
  }

  /// The targeting key, unless there is none, it is private, or too long to be one.
  private static @Nullable String storableKey(Set<String> hidden, EvaluationContext context) {
    var key = context.targetingKey();
    return key == null || isPrivate(hidden, context) || isTooLong(key) ? null : key;
  }

  private static boolean isPrivate(Set<String> hidden, EvaluationContext context) {
    return hidden.contains(TARGETING_KEY) || context.privateAttributes().contains(TARGETING_KEY);
  }

  private static boolean isTooLong(String key) {
    return key.length() > EvaluationContext.MAX_KEY_BYTES
        || (key.length() > EvaluationContext.MAX_KEY_BYTES / 3
            && key.getBytes(StandardCharsets.UTF_8).length > EvaluationContext.MAX_KEY_BYTES);
  }

  private static Counter evaluations(MeterRegistry meters, String kind) {
    return Counter.builder("stitchd.decide.evaluations")
        .description("Flags evaluated here")
        .tag("kind", kind)
        .register(meters);
  }
}
