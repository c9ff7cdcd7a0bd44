package dev.stitchd.flagd.sync;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// Flag sets for flagd's providers; `STITCHD_FLAGD_SYNC_…`.
///
/// @param maxSet a larger set is not sent; providers take 4 MB unless told otherwise
/// @param pause between two sets of one stream; the changes of this time go together
/// @param listMembers a segment whose list has more, included and excluded, is not in sets, nor are
///   flags that ask for it
/// @param allMembers most members of all lists of a set, which are taken in the order of their keys
/// @param membersKept how much heap members of lists may take, of all environments together, that
///   the process keeps so as not to read them again
/// @param inFlight bytes of sets that are on their way to clients at the same time; others wait
/// @param stalled after this time a client that does not take its set keeps no others waiting
@ConfigurationProperties("stitchd.flagd.sync")
record SyncSettings(
    @Allowed(to = "64MB") @DefaultValue("4MB") DataSize maxSet,
    @Allowed(to = "10s") @DefaultValue("100ms") Duration pause,
    @Allowed(from = "0", to = "100000") @DefaultValue("1000") long listMembers,
    @Allowed(to = "1000000") @DefaultValue("20000") long allMembers,
    @DefaultValue("64MB") DataSize membersKept,
    @Allowed(to = "1GB") @DefaultValue("64MB") DataSize inFlight,
    @Allowed(from = "100ms") @DefaultValue("5s") Duration stalled) {}
