package dev.stitchd.delivery;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// What a node has for itself; `STITCHD_…`.
///
/// @param dataDir where it keeps the spool and dead letters; no two processes may share one
/// @param node what it calls itself in answers; the machine's name if empty
@ConfigurationProperties("stitchd")
record NodeSettings(@DefaultValue(".stitchd") String dataDir, @Nullable String node) {}
