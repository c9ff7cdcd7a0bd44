package dev.stitchd.flagd.sync;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// Flag sets for flagd's providers; `STITCHD_FLAGD_SYNC_…`.
///
/// @param maxSet a larger set is not sent; providers take 4 MB unless told otherwise
/// @param pause between two sets of one stream; the changes of this time go together
@ConfigurationProperties("stitchd.flagd.sync")
record SyncSettings(
    @Allowed(to = "64MB") @DefaultValue("4MB") DataSize maxSet,
    @Allowed(to = "10s") @DefaultValue("100ms") Duration pause) {}
