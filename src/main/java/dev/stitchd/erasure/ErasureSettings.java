package dev.stitchd.erasure;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How what is to be erased goes away; `STITCHD_ERASURES_…`.
///
/// @param check how often a process looks for erasures to carry on with
/// @param settle how old an erasure is before it begins, so that events that were on their way have
///   arrived; whatever comes later than `STITCHD_EVENTS_LATE` after it was received begins it again
/// @param batch most erasures that are carried out together, by the same mutations
/// @param retryMax the longest pause before an erasure that failed is tried again
/// @param overdue how long an erasure may wait to be done before the log says so
/// @param kept how long a finished erasure is told of, and begun again by events that come late
@ConfigurationProperties("stitchd.erasures")
record ErasureSettings(
    @DefaultValue("1s") Duration check,
    @DefaultValue("10s") Duration settle,
    @Allowed(to = "1000") @DefaultValue("100") int batch,
    @DefaultValue("30s") Duration retryMax,
    @DefaultValue("1h") Duration overdue,
    @DefaultValue("90d") Duration kept) {}
