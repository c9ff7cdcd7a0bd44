package dev.stitchd.segment;

import org.jspecify.annotations.Nullable;

/// The two sides of a list. A key may be on both; excluded wins.
public enum MemberSide {
  INCLUDED("included"),
  EXCLUDED("excluded");

  private final String wire;

  MemberSide(String wire) {
    this.wire = wire;
  }

  /// As requests and answers name it.
  public String wire() {
    return wire;
  }

  /// The side of that name; null if there is none.
  public static @Nullable MemberSide of(String wire) {
    return switch (wire) {
      case "included" -> INCLUDED;
      case "excluded" -> EXCLUDED;
      default -> null;
    };
  }

  static MemberSide of(boolean included) {
    return included ? INCLUDED : EXCLUDED;
  }

  boolean isIncluded() {
    return this == INCLUDED;
  }
}
