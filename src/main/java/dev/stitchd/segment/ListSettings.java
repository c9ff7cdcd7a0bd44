package dev.stitchd.segment;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/// How lists are imported, announced and cleared away; `STITCHD_LISTS_…`.
///
/// @param members most members of one list that an upload may bring, duplicates included
/// @param imports most uploads that one process reads at the same time; more are refused
/// @param importThreads threads that inflate and read them
/// @param chunkRows most members that go to PostgreSQL in one transaction
/// @param chunkSize most bytes of such a chunk; an upload holds three of them
/// @param askedCheck how often a process looks whether keys are looked up in lists
/// @param askedFrom from how many look-ups a second, on all nodes together, imports and removals
///   give way to them
/// @param shareWhileAsked for how many percent of the time they then work
/// @param errorsListed how many unreadable lines an import names; the others are counted
/// @param idle how long an upload may bring nothing before it is given up
/// @param answerAfter how long an answer waits after the upload's last byte; then it says that the
///   import is running
/// @param heartbeat how often a running import says that its process is alive
/// @param silence after how long without that another process calls it failed
/// @param importsKept past imports that are remembered for each segment
/// @param changesWaiting most changes of single members that wait or are being made in one process;
///   more are refused
/// @param changedTogether most keys of one transaction of more than one change
/// @param announceCheck how often a process looks for lists that changed
/// @param announceGap how long after one announcement of a list the next may come
/// @param retention how long a replaced generation is kept for exports that still read it
/// @param removalCheck how often a process looks for generations to remove
/// @param removalBatch most members that one transaction removes
/// @param removalPause how long it rests between two such transactions
/// @param exportPage members that an export reads at a time
@ConfigurationProperties("stitchd.lists")
record ListSettings(
    @DefaultValue("50000000") long members,
    @DefaultValue("2") int imports,
    @DefaultValue("2") int importThreads,
    @DefaultValue("4096") int chunkRows,
    @Allowed(from = "1KB") @DefaultValue("1MB") DataSize chunkSize,
    @DefaultValue("1s") Duration askedCheck,
    @DefaultValue("10") int askedFrom,
    @Allowed(from = "1", to = "100") @DefaultValue("25") int shareWhileAsked,
    @DefaultValue("20") int errorsListed,
    @DefaultValue("60s") Duration idle,
    @Allowed(from = "0s") @DefaultValue("30s") Duration answerAfter,
    @DefaultValue("5s") Duration heartbeat,
    @DefaultValue("30s") Duration silence,
    @DefaultValue("20") int importsKept,
    @DefaultValue("2000") int changesWaiting,
    @DefaultValue("10000") int changedTogether,
    @DefaultValue("200ms") Duration announceCheck,
    @Allowed(from = "0s") @DefaultValue("1s") Duration announceGap,
    @Allowed(from = "0s") @DefaultValue("1m") Duration retention,
    @DefaultValue("5s") Duration removalCheck,
    @DefaultValue("5000") int removalBatch,
    @Allowed(from = "0s") @DefaultValue("20ms") Duration removalPause,
    @DefaultValue("5000") int exportPage) {

  ListSettings {
    if (members < 1
        || imports < 1
        || importThreads < 1
        || chunkRows < 1
        || chunkSize.toBytes() < 1024
        || errorsListed < 1
        || importsKept < 1
        || changesWaiting < 1
        || changedTogether < 1
        || removalBatch < 1
        || exportPage < 1) {
      throw new IllegalArgumentException(
          "stitchd.lists: numbers must be at least 1, chunk-size at least 1KB");
    }
    if (askedFrom < 1 || shareWhileAsked < 1 || shareWhileAsked > 100) {
      throw new IllegalArgumentException(
          "stitchd.lists: asked-from must be at least 1, share-while-asked 1 to 100");
    }
    if (!idle.isPositive()
        || !heartbeat.isPositive()
        || !announceCheck.isPositive()
        || !askedCheck.isPositive()
        || !removalCheck.isPositive()
        || silence.compareTo(heartbeat.multipliedBy(2)) < 0) {
      throw new IllegalArgumentException(
          "stitchd.lists: intervals must be positive, silence at least two heartbeats");
    }
  }
}
