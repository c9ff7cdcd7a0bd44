package dev.stitchd.ingest.quota;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stitchd.ingest.quota.QuotaTokens.Ask;
import dev.stitchd.ingest.quota.QuotaTokens.Bucket;
import dev.stitchd.ingest.quota.QuotaTokens.Lease;
import dev.stitchd.kernel.EnvironmentSettings.EventQuota;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// The balances of all buckets in use on this node, bounded. Safe from any thread.
public final class TokenBalances {

  private final QuotaSettings settings;
  private final Cache<Bucket, TokenBalance> held;

  public TokenBalances(QuotaSettings settings) {
    this.settings = settings;
    this.held =
        Caffeine.newBuilder().maximumSize(settings.balances()).executor(Runnable::run).build();
  }

  public TokenBalance of(Bucket bucket, EventQuota quota) {
    return held.get(bucket, _ -> new TokenBalance(quota, settings.lease()));
  }

  public long size() {
    return held.estimatedSize();
  }

  /// What to ask for all buckets that are not idle.
  public List<Ask> asks() {
    return held.asMap().entrySet().stream()
        .filter(entry -> !entry.getValue().isIdle())
        .map(entry -> ask(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static Ask ask(Bucket bucket, TokenBalance balance) {
    var quota = balance.quota();
    return new Ask(bucket, balance.ask(), quota.perSecond(), quota.burst());
  }

  /// Takes in what was given; a bucket that is not among the leases got nothing.
  ///
  /// @param seconds since the lease before
  public void settle(Collection<Ask> asks, Collection<Lease> leases, double seconds) {
    Map<Bucket, Double> granted =
        leases.stream().collect(Collectors.toMap(Lease::bucket, Lease::granted));
    for (var ask : asks) {
      var balance = held.asMap().get(ask.bucket());
      if (balance != null) {
        balance.settle(granted.getOrDefault(ask.bucket(), 0.0), seconds);
      }
    }
  }

  /// Goes on without PostgreSQL.
  public void settleAlone(Collection<Ask> asks, double seconds) {
    for (var ask : asks) {
      var balance = held.asMap().get(ask.bucket());
      if (balance != null) {
        balance.settleAlone(seconds);
      }
    }
  }
}
