package dev.stitchd.disk;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// The files that outlive the process; `STITCHD_KEPT_…`.
///
/// @param writeEvery how often a file that changed is written, at most; what changed since the last
///   time is lost when the process is killed
/// @param files most files, one for each environment and one for the keys; the one that was not
///   written for the longest goes first
/// @param fileSize what is larger is not kept
/// @param stopWithin how long a stopping node may take to write what is newer than its files
@ConfigurationProperties("stitchd.kept")
record StateFileSettings(
    @DefaultValue("5s") Duration writeEvery,
    @Allowed(from = "0") @DefaultValue("10001") int files,
    @Allowed(from = "0B") @DefaultValue("64MB") DataSize fileSize,
    @Allowed(from = "0s") @DefaultValue("5s") Duration stopWithin) {}
