package dev.stitchd.ingest.quota;

import dev.stitchd.ingest.quota.QuotaTokens.Bucket;
import dev.stitchd.ingest.quota.QuotaTokens.Share;
import dev.stitchd.kernel.EnvironmentSettings.EventQuota;
import dev.stitchd.snapshot.Snapshot;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import reactor.core.scheduler.Scheduler;

/// Who may send how much, by the settings of the environment and this node's own for addresses.
public final class Allowances {

  private final TokenBalances balances;
  private final AddressBuckets addresses;
  private final QuotaSettings settings;
  private final Duration patience;
  private final Scheduler timer;
  private final RandomGenerator chance;

  public Allowances(
      TokenBalances balances,
      AddressBuckets addresses,
      QuotaSettings settings,
      Scheduler timer,
      RandomGenerator chance) {
    this.balances = balances;
    this.addresses = addresses;
    this.settings = settings;
    this.patience = settings.lease().multipliedBy(2);
    this.timer = timer;
    this.chance = chance;
  }

  /// Of server keys.
  public Allowance ofServer(Snapshot snapshot) {
    var quota = snapshot.settings().quota();
    return quota == null
        ? Allowance.UNLIMITED
        : new SharedAllowance(
            List.of(part(snapshot, Share.ALL, quota)), null, patience, timer, chance);
  }

  /// Of client keys, which may use a part of the environment's quota.
  public Allowance ofClient(Snapshot snapshot, String address) {
    var quota = snapshot.settings().quota();
    var parts =
        quota == null
            ? List.<SharedAllowance.Part>of()
            : List.of(
                part(snapshot, Share.CLIENT, quota.percent(settings.clientPercent())),
                part(snapshot, Share.ALL, quota));
    return new SharedAllowance(parts, addresses.of(address), patience, timer, chance);
  }

  private SharedAllowance.Part part(Snapshot snapshot, Share share, EventQuota quota) {
    var bucket = new Bucket(snapshot.environment(), share);
    return new SharedAllowance.Part(balances.of(bucket, quota), quota);
  }
}
