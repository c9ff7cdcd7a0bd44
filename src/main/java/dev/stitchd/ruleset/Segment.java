package dev.stitchd.ruleset;

import dev.stitchd.ruleset.condition.Matcher;
import dev.stitchd.ruleset.condition.Matchers;
import dev.stitchd.ruleset.condition.Reference;
import dev.stitchd.ruleset.condition.References;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A segment as published in one environment, compiled and ready to ask. Immutable; equal to
/// another that is published the same.
public final class Segment {

  private final String key;
  private final String contextType;
  private final @Nullable Condition when;
  private final @Nullable ListVersion list;
  private final List<Reference> references;
  private final @Nullable Matcher matcher;
  private final @Nullable String unsupported;

  private Segment(
      String key,
      String contextType,
      @Nullable Condition when,
      @Nullable ListVersion list,
      List<Reference> references,
      @Nullable String unsupported) {
    this.key = key;
    this.contextType = contextType;
    this.when = when;
    this.list = list;
    this.references = references;
    this.unsupported = unsupported;
    this.matcher = when == null ? null : Matchers.compile(when);
  }

  /// Which members a list segment has; they themselves are no part of it.
  ///
  /// @param generation rises when all members are replaced
  /// @param version rises with every change within a generation
  public record ListVersion(long generation, long version) {}

  /// Compiles a segment.
  ///
  /// @param contextType what its members are, for example `user`
  /// @param when null for a list segment without a condition
  /// @param list null for a segment without lists
  /// @throws IllegalArgumentException if the condition holds what [Condition#read] would have noted
  public static Segment of(
      String key, String contextType, @Nullable Condition when, @Nullable ListVersion list) {
    return new Segment(key, contextType, when, list, References.of(when), null);
  }

  /// A segment of which this version understands only a part: nobody can say here who belongs to
  /// it.
  ///
  /// @param list as far as it could be read, so that SDKs that understand the segment can ask for
  ///   it
  /// @param references what it seems to name
  /// @param unsupported what could not be read
  static Segment unsupported(
      String key,
      String contextType,
      @Nullable ListVersion list,
      List<Reference> references,
      String unsupported) {
    return new Segment(key, contextType, null, list, references, unsupported);
  }

  public String key() {
    return key;
  }

  public String contextType() {
    return contextType;
  }

  public @Nullable Condition when() {
    return when;
  }

  public @Nullable ListVersion list() {
    return list;
  }

  /// What of it this version cannot read; null if it understands all of it.
  public @Nullable String unsupported() {
    return unsupported;
  }

  /// The flags and segments it names, with the places where it does.
  public List<Reference> references() {
    return references;
  }

  public @Nullable Matcher matcher() {
    return matcher;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Segment segment
        && key.equals(segment.key)
        && contextType.equals(segment.contextType)
        && Objects.equals(when, segment.when)
        && Objects.equals(list, segment.list)
        && references.equals(segment.references)
        && Objects.equals(unsupported, segment.unsupported);
  }

  @Override
  public int hashCode() {
    return key.hashCode();
  }

  @Override
  public String toString() {
    return "Segment[" + key + "]";
  }
}
