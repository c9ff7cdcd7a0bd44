package dev.stitchd.runtime;

import dev.stitchd.kernel.Allowed;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Where health and metrics have a port of their own; `STITCHD_MANAGEMENT_…`.
///
/// @param port the port; −1 for none
/// @param address what it listens on
@ConfigurationProperties("stitchd.management")
record ManagementSettings(
    @Allowed(from = "-1", to = "65535") @DefaultValue("-1") int port,
    @DefaultValue("0.0.0.0") String address) {}
