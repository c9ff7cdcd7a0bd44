package dev.stitchd.ruleset;

import java.util.List;

/// A flag as published in one environment, compiled and ready to evaluate. Immutable; equal to
/// another that is published the same.
public final class Flag {

  private final String key;
  private final FlagShape shape;
  private final Targeting targeting;
  private final List<Reference> references;
  private final FlagPlan plan;

  private Flag(String key, FlagShape shape, Targeting targeting) {
    this.key = key;
    this.shape = shape;
    this.targeting = targeting;
    this.references = References.of(targeting);
    this.plan = FlagPlan.of(key, shape, targeting);
  }

  /// Compiles a flag; patterns, versions and address ranges are parsed here, once.
  ///
  /// @param targeting descriptions, weights and history are dropped
  /// @throws IllegalArgumentException if a condition holds what [Condition#read] would have noted
  public static Flag of(String key, FlagShape shape, Targeting targeting) {
    return new Flag(key, shape, targeting.published());
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

  /// Whether it names other flags or segments, so that it can only be checked together with them.
  public boolean namesOthers() {
    return !references.isEmpty();
  }

  /// The flags and segments it names, with the places where it does.
  List<Reference> references() {
    return references;
  }

  FlagPlan plan() {
    return plan;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Flag flag
        && key.equals(flag.key)
        && shape.equals(flag.shape)
        && targeting.equals(flag.targeting);
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
