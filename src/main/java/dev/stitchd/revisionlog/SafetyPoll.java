package dev.stitchd.revisionlog;

import java.time.Duration;

/// How often whoever follows announcements compares what it has with the log, since one may be
/// lost.
///
/// @param confirmedWithin what was not compared for so long is named by health
public record SafetyPoll(Duration interval, Duration confirmedWithin) {}
