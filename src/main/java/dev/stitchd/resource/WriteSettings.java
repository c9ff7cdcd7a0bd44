package dev.stitchd.resource;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Writes of the management API; `STITCHD_WRITES_…`.
///
/// @param seenWithin how long the answer to a write waits at most until this node itself serves
///   what was written
@ConfigurationProperties("stitchd.writes")
record WriteSettings(@Allowed(from = "0s", to = "10s") @DefaultValue("1s") Duration seenWithin) {}
