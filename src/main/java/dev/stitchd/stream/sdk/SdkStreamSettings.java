package dev.stitchd.stream.sdk;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// What SDKs are told by streams and polls; `STITCHD_STREAM_…`.
///
/// @param patches most different patches kept for one revision; who would need another gets one
///   that begins a little earlier and serves others too
/// @param longestWait most that a poll may wait for the next change
/// @param pollBodies most direct memory that each event loop keeps for bodies that polls ask for
///   again and again
/// @param compressors threads that compress bodies
/// @param compressFrom bodies smaller than this are sent as they are
@ConfigurationProperties("stitchd.stream")
record SdkStreamSettings(
    @Allowed(from = "0") @DefaultValue("64") int patches,
    @DefaultValue("60s") Duration longestWait,
    @Allowed(from = "0B") @DefaultValue("32MB") DataSize pollBodies,
    @DefaultValue("2") int compressors,
    @Allowed(from = "0B") @DefaultValue("512B") DataSize compressFrom) {}
