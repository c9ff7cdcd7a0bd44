package dev.stitchd.ruleset;

import dev.stitchd.ruleset.condition.Reference;
import dev.stitchd.ruleset.condition.References;
import dev.stitchd.ruleset.evaluation.FlagPlan;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A flag as published in one environment, compiled and ready to evaluate. Immutable; equal to
/// another that is published the same.
public final class Flag {

  private final String key;
  private final FlagShape shape;
  private final Targeting targeting;
  private final List<Reference> references;
  private final FlagPlan plan;
  private final @Nullable String unsupported;

  private Flag(
      String key,
      FlagShape shape,
      Targeting targeting,
      List<Reference> references,
      @Nullable String unsupported) {
    this.key = key;
    this.shape = shape;
    this.targeting = targeting;
    this.references = references;
    this.unsupported = unsupported;
    this.plan = FlagPlan.of(key, shape, targeting);
  }

  /// Compiles a flag; patterns, versions and address ranges are parsed here, once.
  ///
  /// @param targeting descriptions, weights and history are dropped
  /// @throws IllegalArgumentException if a condition holds what [Condition#read] would have noted
  public static Flag of(String key, FlagShape shape, Targeting targeting) {
    var published = targeting.published();
    return new Flag(key, shape, published, References.of(published), null);
  }

  /// A flag of which this version understands only a part: it gives its off variant.
  ///
  /// @param shape of the variants that could be read
  /// @param enabled whether it may be on; a flag that is off gives its off variant anyway
  /// @param references what it seems to name
  /// @param unsupported what could not be read
  static Flag unsupported(
      String key,
      FlagShape shape,
      boolean enabled,
      String offVariant,
      List<Reference> references,
      String unsupported) {
    var off = new Serve.Fixed(offVariant);
    var targeting = new Targeting(enabled, offVariant, List.of(), List.of(), List.of(), off);
    return new Flag(key, shape, targeting, references, unsupported);
  }

  public String key() {
    return key;
  }

  public FlagShape shape() {
    return shape;
  }

  /// What is published of its targeting.
  public Targeting targeting() {
    return targeting;
  }

  /// What of it this version cannot read; null if it understands all of it.
  public @Nullable String unsupported() {
    return unsupported;
  }

  /// Whether it names other flags or segments, so that it can only be checked together with them.
  public boolean namesOthers() {
    return !references.isEmpty();
  }

  /// The flags and segments it names, with the places where it does.
  public List<Reference> references() {
    return references;
  }

  public FlagPlan plan() {
    return plan;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Flag flag
        && key.equals(flag.key)
        && shape.equals(flag.shape)
        && targeting.equals(flag.targeting)
        && references.equals(flag.references)
        && Objects.equals(unsupported, flag.unsupported);
  }

  @Override
  public int hashCode() {
    return key.hashCode();
  }

  @Override
  public String toString() {
    return "Flag[" + key + "]";
  }
}
