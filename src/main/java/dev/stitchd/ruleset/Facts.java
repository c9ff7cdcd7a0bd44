package dev.stitchd.ruleset;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an evaluation is told besides the context: who is on which list, and what time it is.
/// Immutable.
///
/// @param memberships what is known; a pair that is missing is unknown and degrades the evaluation
/// @param now what rules see as `$now`; null if nobody says, and then it is unknown to them
public record Facts(Map<Needs.Member, Membership> memberships, @Nullable Instant now) {

  /// Nothing fetched, and no time.
  public static final Facts NONE = new Facts(Map.of());

  public Facts(Map<Needs.Member, Membership> memberships) {
    this(memberships, null);
  }

  /// Nothing fetched.
  public static Facts at(Instant now) {
    return new Facts(Map.of(), now);
  }

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
