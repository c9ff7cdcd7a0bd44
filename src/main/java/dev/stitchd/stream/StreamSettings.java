package dev.stitchd.stream;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// Streams, whatever they carry; `STITCHD_STREAM_…`.
///
/// @param heartbeat how often a stream carries a comment, so that clients and proxies know it
///   lives; at most 15 s
/// @param shortestAge a stream is ended with a goodbye after a time by chance between this …
/// @param longestAge … and this, so that connections spread over new nodes
/// @param stalled a client that takes nothing for so long is told goodbye, behind what waits …
/// @param farewell … and disconnected when it has taken that, or after so long
/// @param shortestRetry clients are told to come back after a time by chance between this …
/// @param longestRetry … and this
/// @param perKey most streams of one SDK key
/// @param perNode most streams of this node
/// @param perSecond most streams accepted in one second
/// @param writeSize a larger frame is written in pieces of this size, each of which is progress
/// @param unacknowledged when the kernel gives up a connection whose peer does not even
///   acknowledge; with the heartbeat before it, how soon a dead peer is found
@ConfigurationProperties("stitchd.stream")
record StreamSettings(
    @Allowed(from = "1ms", to = "15s") @DefaultValue("12s") Duration heartbeat,
    @DefaultValue("30m") Duration shortestAge,
    @DefaultValue("60m") Duration longestAge,
    @DefaultValue("40s") Duration stalled,
    @Allowed(from = "0s") @DefaultValue("4s") Duration farewell,
    @Allowed(from = "0s") @DefaultValue("1s") Duration shortestRetry,
    @Allowed(from = "0s") @DefaultValue("5s") Duration longestRetry,
    @DefaultValue("5000") int perKey,
    @DefaultValue("19000") int perNode,
    @DefaultValue("2000") int perSecond,
    @Allowed(to = "1GB") @DefaultValue("64KB") DataSize writeSize,
    @Allowed(from = "0s", to = "24h") @DefaultValue("45s") Duration unacknowledged) {

  StreamSettings {
    if (longestAge.compareTo(shortestAge) < 0 || longestRetry.compareTo(shortestRetry) < 0) {
      throw new IllegalArgumentException(
          "STITCHD_STREAM_LONGEST_AGE and STITCHD_STREAM_LONGEST_RETRY must be at least STITCHD_STREAM_SHORTEST_AGE and STITCHD_STREAM_SHORTEST_RETRY.");
    }
  }
}
