package dev.stitchd.warehouse.removal;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How events are removed from ClickHouse; `STITCHD_REMOVAL_…`.
///
/// @param statement how long ClickHouse may take to say how many events are to be removed; the
///   removal itself may take as long as it likes
/// @param poll how often it is asked how far that is
@ConfigurationProperties("stitchd.removal")
record RemovalSettings(
    @DefaultValue("60s") Duration statement, @DefaultValue("250ms") Duration poll) {}
