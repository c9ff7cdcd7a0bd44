package dev.stitchd.catalog.deletion;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How the rows of deleted projects and environments go away; `STITCHD_DELETIONS_…`.
///
/// @param check how often a process looks for deletions to carry on with
/// @param batch most rows that one transaction removes
/// @param pause how long it rests between two such transactions
/// @param turn how long one deletion goes on before the others have their turn
/// @param kept how long a finished deletion is told of
@ConfigurationProperties("stitchd.deletions")
record DeletionSettings(
    @DefaultValue("1s") Duration check,
    @Allowed(to = "100000") @DefaultValue("1000") int batch,
    @Allowed(from = "0s") @DefaultValue("20ms") Duration pause,
    @DefaultValue("2s") Duration turn,
    @DefaultValue("30d") Duration kept) {}
