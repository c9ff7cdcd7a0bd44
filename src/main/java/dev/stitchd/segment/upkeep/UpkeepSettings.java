package dev.stitchd.segment.upkeep;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How lists are announced and cleared away, and how bulk work is slowed down; `STITCHD_LISTS_…`.
///
/// @param askedCheck how often a process looks whether keys are looked up in lists
/// @param askedFrom from how many look-ups a second, on all nodes together, imports and removals
///   give way to them
/// @param shareWhileAsked for how many percent of the time they then work
/// @param heartbeat how often a running import says that its process is alive
/// @param silence after how long without that another process calls it failed
/// @param announceCheck how often a process that changed a list looks for lists that changed; one
///   that changed none looks a fifth as often
/// @param announceGap how long after one announcement of a list the next may come
/// @param retention how long a replaced generation is kept for exports that still read it
/// @param removalCheck how often a process looks for generations to remove
/// @param removalBatch most members that one transaction removes
/// @param removalPause how long it rests between two such transactions
@ConfigurationProperties("stitchd.lists")
public record UpkeepSettings(
    @DefaultValue("1s") Duration askedCheck,
    @DefaultValue("10") int askedFrom,
    @Allowed(from = "1", to = "100") @DefaultValue("25") int shareWhileAsked,
    @DefaultValue("5s") Duration heartbeat,
    @DefaultValue("30s") Duration silence,
    @DefaultValue("200ms") Duration announceCheck,
    @Allowed(from = "0s") @DefaultValue("1s") Duration announceGap,
    @Allowed(from = "0s") @DefaultValue("1m") Duration retention,
    @DefaultValue("5s") Duration removalCheck,
    @DefaultValue("5000") int removalBatch,
    @Allowed(from = "0s") @DefaultValue("20ms") Duration removalPause) {

  public UpkeepSettings {
    if (askedFrom < 1 || shareWhileAsked < 1 || shareWhileAsked > 100) {
      throw new IllegalArgumentException(
          "STITCHD_LISTS_ASKED_FROM must be at least 1, STITCHD_LISTS_SHARE_WHILE_ASKED 1 to 100.");
    }
    if (silence.compareTo(heartbeat.multipliedBy(2)) < 0) {
      throw new IllegalArgumentException(
          "STITCHD_LISTS_SILENCE must be at least twice STITCHD_LISTS_HEARTBEAT.");
    }
  }
}
