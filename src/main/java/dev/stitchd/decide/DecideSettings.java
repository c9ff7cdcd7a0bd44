package dev.stitchd.decide;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How evaluations made here are recorded; `STITCHD_DECIDE_…`.
///
/// @param countInterval how often counts become events
/// @param counts most different (environment, flag, variant) counted between two flushes; the
///   others are dropped, and the metric `stitchd.decide.counts.dropped` says how many
@ConfigurationProperties("stitchd.decide")
record DecideSettings(
    @DefaultValue("5s") Duration countInterval, @DefaultValue("100000") int counts) {}
