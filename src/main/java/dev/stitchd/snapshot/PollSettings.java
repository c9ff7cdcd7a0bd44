package dev.stitchd.snapshot;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// The net under the doorbell.
///
/// @param safetyPoll how often all held environments are compared with the store, in case an
///   announcement was missed; `STITCHD_SAFETY_POLL`
@ConfigurationProperties("stitchd")
record PollSettings(@DefaultValue("1s") Duration safetyPoll) {}
