package dev.stitchd.ruleset;

import dev.stitchd.kernel.FieldErrors;
import dev.stitchd.kernel.Json;
import dev.stitchd.ruleset.evaluation.Decision;
import dev.stitchd.ruleset.targeting.TargetingJson;
import dev.stitchd.ruleset.targeting.TargetingReader;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What a flag does in one environment, as editors see it.
///
/// @param offVariant given while not enabled, and when a prerequisite fails
/// @param rules the first that matches decides
/// @param otherwise given when nothing else decides; `default` on the wire
public record Targeting(
    boolean enabled,
    String offVariant,
    List<Target> targets,
    List<Prerequisite> prerequisites,
    List<Rule> rules,
    Serve otherwise) {

  public Targeting {
    targets = List.copyOf(targets);
    prerequisites = List.copyOf(prerequisites);
    rules = List.copyOf(rules);
  }

  /// Individuals that get a variant whatever the rules say.
  ///
  /// @param keys in the editor's order; hashed, so asking is cheap
  public record Target(String contextType, String variant, SequencedSet<String> keys) {
    public Target {
      keys = Collections.unmodifiableSequencedSet(new LinkedHashSet<>(keys));
    }
  }

  /// A flag that must give one of these variants first.
  public record Prerequisite(String flag, List<String> variants) {
    public Prerequisite {
      variants = List.copyOf(variants);
    }
  }

  /// One rule.
  ///
  /// @param id names it in explanations and events, and keeps its rollout's salt and slots
  /// @param description for editors only; null when there is none, and in what is published
  public record Rule(String id, @Nullable String description, Condition when, Serve serve) {}

  /// What a request asks for.
  ///
  /// @param moved for each rollout whose weights changed, by rule id or `default`: how many of
  ///   [Slot#TOTAL] buckets get another variant than before
  /// @param reshuffled the rollouts that got a new salt because the request said so, by rule id or
  ///   `default`
  public record Read(Targeting targeting, Map<String, Integer> moved, Set<String> reshuffled) {
    public Read {
      moved = Map.copyOf(moved);
      reshuffled = Set.copyOf(reshuffled);
    }
  }

  /// A new flag's targeting: off, and the same when switched on.
  public static Targeting initial(FlagShape shape) {
    var variant = shape.initialVariant();
    return new Targeting(false, variant, List.of(), List.of(), List.of(), new Serve.Fixed(variant));
  }

  /// Reads the body of a PUT. Notes everything wrong, unknown fields and wrong JSON types as errors
  /// of form; read-only fields of an answer (`id`, `version`, `createdAt`, …, and `salt`, `slots`,
  /// `history` of a rollout) are accepted and ignored. Whether the flags and segments it names
  /// exist is [RulesetCheck]'s to say.
  ///
  /// @param path where the body stands in the request; empty if it is the request
  /// @param current what is in force, whose rollouts keep their salts and move as few as possible;
  ///   null if there is nothing yet
  /// @param newSalt a random salt for each new or reshuffled rollout
  /// @return what was read; meaningless if errors were noted
  /// @throws dev.stitchd.kernel.Problem.Invalid with code `too-many-slots` if the body is fine but
  ///   for a rollout that would need more than 256 slots
  public static Read read(
      JsonNode body,
      String path,
      FlagShape shape,
      @Nullable Targeting current,
      Supplier<String> newSalt,
      FieldErrors errors) {
    return new TargetingReader(shape, current, newSalt, errors).read(body, path);
  }

  /// As [#read], for a file: a rollout that brings a salt and slots has these, laid out for its
  /// weights if they are others.
  public static Read readWithLayouts(
      JsonNode body,
      String path,
      FlagShape shape,
      @Nullable Targeting current,
      Supplier<String> newSalt,
      FieldErrors errors) {
    var reader = new TargetingReader(shape, current, newSalt, errors);
    return reader.withLayouts().read(body, path);
  }

  /// The API's answer and the stored form: with descriptions, weights, salts and slots.
  public ObjectNode toJson() {
    return TargetingJson.write(this, true);
  }

  /// Reads what [#toJson] wrote.
  ///
  /// @throws IllegalArgumentException if it is damaged, or newer than this server
  public static Targeting fromJson(JsonNode stored) {
    return TargetingJson.read(stored);
  }

  /// As [#toJson], for what is kept beside the published item: empty if that says all of it.
  public ObjectNode unlessPublished() {
    return equals(published()) ? Json.object() : toJson();
  }

  /// This targeting as SDKs get it: no descriptions, no weights but the slots', no history.
  Targeting published() {
    var publishedRules =
        rules.stream().map(r -> new Rule(r.id(), null, r.when(), published(r.serve()))).toList();
    return new Targeting(
        enabled, offVariant, targets, prerequisites, publishedRules, published(otherwise));
  }

  /// This targeting without the earlier layouts of its rollouts.
  public Targeting withoutHistory() {
    var forgetful =
        rules.stream()
            .map(r -> new Rule(r.id(), r.description(), r.when(), withoutHistory(r.serve())))
            .toList();
    return new Targeting(
        enabled, offVariant, targets, prerequisites, forgetful, withoutHistory(otherwise));
  }

  /// This targeting with the descriptions of another's rules of the same ids where its own have
  /// none.
  public Targeting describedAs(Targeting other) {
    var descriptions = new HashMap<String, @Nullable String>();
    other.rules.forEach(rule -> descriptions.put(rule.id(), rule.description()));
    var described =
        rules.stream()
            .map(r ->
                r.description() != null
                    ? r
                    : new Rule(r.id(), descriptions.get(r.id()), r.when(), r.serve()))
            .toList();
    return new Targeting(enabled, offVariant, targets, prerequisites, described, otherwise);
  }

  /// The rollouts by rule id, that of the default by `default`.
  public Map<String, Serve.Rollout> rollouts() {
    var rollouts = new HashMap<String, Serve.Rollout>();
    for (var rule : rules) {
      if (rule.serve() instanceof Serve.Rollout rollout) {
        rollouts.put(rule.id(), rollout);
      }
    }
    if (otherwise instanceof Serve.Rollout rollout) {
      rollouts.put(Decision.DEFAULT_ID, rollout);
    }
    return rollouts;
  }

  private static Serve withoutHistory(Serve serve) {
    return switch (serve) {
      case Serve.Fixed fixed -> fixed;
      case Serve.Rollout rollout -> rollout.withoutHistory();
    };
  }

  private static Serve published(Serve serve) {
    return switch (serve) {
      case Serve.Fixed fixed -> fixed;
      case Serve.Rollout rollout -> rollout.published();
    };
  }
}
