package dev.stitchd.snapshot;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// What is held in memory and how it is read; `STITCHD_SNAPSHOT_…`.
///
/// @param environments most environments held at once; when all of them are in use, requests for
///   another are refused
/// @param idle an environment that nobody read or streamed for so long is released
/// @param log most removals remembered for each environment, and how many revisions a first load
///   looks back for them; for an SDK that was away for longer, PostgreSQL is asked …
/// @param olderRemovals … once for all of them, for so many removals at most; an SDK that lacks
///   more gets everything
/// @param olderRemovalsPause if PostgreSQL does not say them, an SDK that comes within so long
///   after that waits for nothing and gets everything
/// @param loadWithin how long a caller waits for an environment's first load
/// @param answerWithin how long the store may take to say what is newer
/// @param catchUp how long a request waits at most for a revision that its client has been told of
///   elsewhere, while the store is asked for it
/// @param reads most reads of newer states under way at once
@ConfigurationProperties("stitchd.snapshot")
record SnapshotSettings(
    @DefaultValue("10000") int environments,
    @DefaultValue("15m") Duration idle,
    @Allowed(from = "0") @DefaultValue("1000") int log,
    @DefaultValue("10000") int olderRemovals,
    @DefaultValue("5s") Duration olderRemovalsPause,
    @DefaultValue("5s") Duration loadWithin,
    @DefaultValue("2s") Duration answerWithin,
    @Allowed(to = "10s") @DefaultValue("1s") Duration catchUp,
    @DefaultValue("4") int reads) {}
