package dev.stitchd.revisionlog;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// What finds a change whose announcement was lost.
///
/// @param safetyPoll how often environments and SDK keys in memory are compared with PostgreSQL, in
///   case an announcement was lost; `STITCHD_SAFETY_POLL`
/// @param confirmedWithin `/health/ready` names environments or SDK keys in memory that could not
///   be compared with PostgreSQL for so long; `STITCHD_CONFIRMED_WITHIN`
@ConfigurationProperties("stitchd")
record SafetyPollSettings(
    @DefaultValue("1s") Duration safetyPoll, @DefaultValue("10s") Duration confirmedWithin) {}
