package dev.stitchd.segment.lookup;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How lists are asked; `STITCHD_MEMBERSHIP_…`.
///
/// @param answerWithin how long a question may wait for a connection and its answer together; then
///   memberships are unknown
/// @param queries most questions open at once, waiting for a connection or for PostgreSQL; to more
///   the answer is unknown at once
/// @param listings most entries of one answer
/// @param statements most statements about lists that run at once; questions that come meanwhile
///   wait and are asked together
/// @param together most questions that one statement asks
@ConfigurationProperties("stitchd.membership")
record MembershipSettings(
    @DefaultValue("500ms") Duration answerWithin,
    @DefaultValue("500") int queries,
    @DefaultValue("100000") int listings,
    @DefaultValue("2") int statements,
    @DefaultValue("64") int together) {

  MembershipSettings {
    if (!answerWithin.isPositive()
        || queries < 1
        || listings < 1
        || statements < 1
        || together < 1) {
      throw new IllegalArgumentException(
          "stitchd.membership: answer-within, queries, listings, statements and together must be more than nothing");
    }
  }
}
