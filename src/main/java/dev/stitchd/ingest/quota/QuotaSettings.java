package dev.stitchd.ingest.quota;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How quotas are kept; how large they are is each environment's own setting.
///
/// @param lease how often tokens are leased from PostgreSQL, give or take a fifth by chance
/// @param leaseWithin how long that may take before the last share is used instead
/// @param balances most balances of tokens held at once; those that nobody used for longest go
/// @param clientPercent the part of an environment's quota that client keys may use
/// @param addressPerSecond how many events per second one address may send with client keys, on
///   each node
/// @param addressBurst how many at once
/// @param addresses most addresses remembered
public record QuotaSettings(
    @DefaultValue("250ms") Duration lease,
    @DefaultValue("1s") Duration leaseWithin,
    @DefaultValue("20000") int balances,
    @Allowed(from = "1", to = "100") @DefaultValue("20") int clientPercent,
    @DefaultValue("100") int addressPerSecond,
    @DefaultValue("1000") int addressBurst,
    @DefaultValue("100000") int addresses) {

  public QuotaSettings {
    if (lease.toMillis() < 1
        || balances < 1
        || addressPerSecond < 1
        || addressBurst < 1
        || addresses < 1
        || clientPercent < 1
        || clientPercent > 100) {
      throw new IllegalArgumentException(
          "every stitchd.ingest.quota setting must be at least 1, client-percent at most 100");
    }
  }
}
