package dev.stitchd.access;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Hashes of SDK keys that outlive the process; `STITCHD_ACCESS_KEPT_…`.
///
/// @param longest a node that starts while PostgreSQL is out believes keys that PostgreSQL
///   confirmed no longer ago than this; a revocation made since then is not known to it
/// @param confirm how often the time of the last confirmation is written, while nothing changes
@ConfigurationProperties("stitchd.access.kept")
record KnownKeySettings(
    @Allowed(from = "0s") @DefaultValue("24h") Duration longest,
    @DefaultValue("1m") Duration confirm) {}
