package dev.stitchd.propagation;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Receipts and their summaries; `STITCHD_PROPAGATION_…`.
///
/// @param writeEvery how often a node writes what changed, in one statement
/// @param stale a node whose summary is older is not counted any more
/// @param environments most environments in one such statement; the others come next
/// @param revisions for so many of an environment's newest revisions the delays are kept
/// @param places most different revisions of one environment at which streams are counted apart;
///   those furthest behind are counted together
/// @param instances most instances of one environment that a node follows; beyond that, the answer
///   says that it is incomplete
/// @param reports so many of an instance's newest receipts are kept
/// @param instanceIdle an instance that neither reported nor streamed for so long is forgotten
/// @param answeredInstances most instances of one environment that an answer is made from
/// @param laggingListed most instances that an answer names
@ConfigurationProperties("stitchd.propagation")
record PropagationSettings(
    @DefaultValue("1s") Duration writeEvery,
    @DefaultValue("10s") Duration stale,
    @DefaultValue("500") int environments,
    @Allowed(from = "0") @DefaultValue("32") int revisions,
    @DefaultValue("64") int places,
    @DefaultValue("1000") int instances,
    @Allowed(from = "0") @DefaultValue("8") int reports,
    @DefaultValue("5m") Duration instanceIdle,
    @DefaultValue("10000") int answeredInstances,
    @Allowed(from = "0") @DefaultValue("100") int laggingListed) {}
