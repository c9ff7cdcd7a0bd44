package dev.stitchd.background;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// The end of a node.
///
/// @param drain over how long the goodbyes to open streams are spread at shutdown; `STITCHD_DRAIN`
@ConfigurationProperties("stitchd")
record DrainSettings(@Allowed(from = "0s") @DefaultValue("20s") Duration drain) {}
