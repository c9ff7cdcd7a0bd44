package dev.stitchd.delivery;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/// What a node has for itself; `STITCHD_…`.
///
/// @param node what it calls itself in answers; the machine's name if empty
@ConfigurationProperties("stitchd")
record NodeSettings(@Nullable String node) {}
