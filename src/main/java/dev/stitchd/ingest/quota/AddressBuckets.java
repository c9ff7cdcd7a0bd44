package dev.stitchd.ingest.quota;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import reactor.core.scheduler.Scheduler;

/// How much each address may send with public keys, on this node; bounded: an address that was
/// forgotten begins anew. Safe from any thread.
public final class AddressBuckets {

  private final QuotaSettings settings;
  private final Scheduler timer;
  private final Cache<String, Bucket> buckets;

  public AddressBuckets(QuotaSettings settings, Scheduler timer) {
    this.settings = settings;
    this.timer = timer;
    this.buckets =
        Caffeine.newBuilder().maximumSize(settings.addresses()).executor(Runnable::run).build();
  }

  public Bucket of(String address) {
    return buckets.get(address, _ -> new Bucket());
  }

  public long size() {
    return buckets.estimatedSize();
  }

  /// One address's tokens; the request that uses up the last of them may run into debt.
  public final class Bucket {
    private double tokens = settings.addressBurst();
    private long at = timer.now(TimeUnit.NANOSECONDS);

    synchronized boolean take(int events) {
      refill();
      if (tokens < 1) {
        return false;
      }
      tokens -= events;
      return true;
    }

    synchronized void giveBack(int events) {
      tokens += events;
    }

    synchronized Duration paidAfter() {
      refill();
      return Duration.ofMillis((long) (1_000 * (1 - tokens) / settings.addressPerSecond()));
    }

    private void refill() {
      long now = timer.now(TimeUnit.NANOSECONDS);
      double more = (now - at) / 1e9 * settings.addressPerSecond();
      tokens = Math.min(settings.addressBurst(), tokens + more);
      at = now;
    }
  }
}
