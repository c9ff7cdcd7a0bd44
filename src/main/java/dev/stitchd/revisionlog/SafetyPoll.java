package dev.stitchd.revisionlog;

import java.time.Duration;

/// How often whoever follows announcements compares what it has with the log, since one may be
/// lost.
public record SafetyPoll(Duration interval) {}
