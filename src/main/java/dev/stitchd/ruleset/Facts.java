package dev.stitchd.ruleset;

import java.util.Map;

/// What was fetched for an evaluation: who is on which list. Immutable.
///
/// @param memberships what is known; a pair that is missing is unknown and degrades the evaluation
public record Facts(Map<Needs.Member, Membership> memberships) {

  /// Nothing fetched.
  public static final Facts NONE = new Facts(Map.of());

  /// Where a context key stands in a list segment.
  public enum Membership {
    INCLUDED,
    /// On the list of exclusions, which wins.
    EXCLUDED,
    /// On neither list.
    ABSENT,
    /// Could not be fetched.
    UNKNOWN
  }

  public Facts {
    memberships = Map.copyOf(memberships);
  }

  public Membership of(String segment, String contextKey) {
    return memberships.isEmpty()
        ? Membership.UNKNOWN
        : memberships.getOrDefault(new Needs.Member(segment, contextKey), Membership.UNKNOWN);
  }
}
