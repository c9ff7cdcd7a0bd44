package dev.stitchd.revisionlog;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How far back the log of what was published reaches.
///
/// @param history what was published is known for so long, in previews of the past for example; of
///   what is older the log keeps what is still in force; `STITCHD_HISTORY`
/// @param historyInterval how often a node looks for rows of the log that are older, and removes
///   them, unless another node does; `STITCHD_HISTORY_INTERVAL`
/// @param historyBatch most rows that one transaction removes; `STITCHD_HISTORY_BATCH`
/// @param historyPause how long it rests between two such transactions; `STITCHD_HISTORY_PAUSE`
@ConfigurationProperties("stitchd")
record HistorySettings(
    @DefaultValue("PT2160H") Duration history,
    @DefaultValue("1h") Duration historyInterval,
    @DefaultValue("500") int historyBatch,
    @Allowed(from = "0s") @DefaultValue("50ms") Duration historyPause) {}
