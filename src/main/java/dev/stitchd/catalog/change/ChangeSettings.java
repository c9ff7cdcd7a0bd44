package dev.stitchd.catalog.change;

import dev.stitchd.kernel.Allowed;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Sets of changes; `STITCHD_CHANGES_…`.
///
/// @param max most changes in one set, which all wait for one transaction
@ConfigurationProperties("stitchd.changes")
record ChangeSettings(@Allowed(from = "1", to = "10000") @DefaultValue("100") int max) {}
