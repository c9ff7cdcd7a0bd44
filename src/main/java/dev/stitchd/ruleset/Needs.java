package dev.stitchd.ruleset;

import java.util.Set;

/// Which facts an evaluation can ask for.
///
/// @param members the memberships to fetch; often none
public record Needs(Set<Member> members) {

  /// Nothing to fetch.
  public static final Needs NONE = new Needs(Set.of());

  /// One membership.
  ///
  /// @param contextKey the key of the segment's context type in the context
  public record Member(String segment, String contextKey) {}

  public Needs {
    members = Set.copyOf(members);
  }

  public boolean isEmpty() {
    return members.isEmpty();
  }
}
