package dev.stitchd.flagd.compile;

/// What must hold of an engine, or of a context, for a flag to be said exactly. Where it does not,
/// the flag gives an error, so that the application's default is used, and never another variant.
sealed interface Requirement extends Comparable<Requirement> {

  /// The engine hashes as flagd has since April 2026, as the model does.
  record Hash() implements Requirement {}

  /// An attribute that is compared as a version is no list, and written so that all engines read it
  /// the same.
  record Version(Var attribute) implements Requirement {}

  /// An attribute that is bucketed by is no number that engines write differently.
  record Unit(Var attribute) implements Requirement {}

  default Logic logic() {
    return switch (this) {
      case Hash _ -> RolloutLogic.hashes();
      case Version(var attribute) -> VersionLogic.isRead(attribute);
      case Unit(var attribute) -> RolloutLogic.isPlain(attribute);
    };
  }

  @Override
  default int compareTo(Requirement other) {
    return toString().compareTo(other.toString());
  }
}
