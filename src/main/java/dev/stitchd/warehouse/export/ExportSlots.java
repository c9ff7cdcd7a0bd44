package dev.stitchd.warehouse.export;

import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.warehouse.clickhouse.WarehouseSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// How many exports run at once, of one tenant and in all. Safe from any thread.
public final class ExportSlots {

  private final int most;
  private final int share;
  private final Duration retryAfter;

  private final Object lock = new Object();
  private final Map<Optional<TenantId>, Integer> taken = new HashMap<>();
  private int all;

  public ExportSlots(WarehouseSettings settings) {
    most = settings.exports();
    share = settings.exportShare();
    retryAfter = settings.exportRetryAfter();
  }

  /// A slot that was taken; to be given back once.
  public final class Slot {

    private final Optional<TenantId> asker;

    private Slot(Optional<TenantId> asker) {
      this.asker = asker;
    }

    public void release() {
      synchronized (lock) {
        all--;
        taken.computeIfPresent(asker, (_, n) -> n == 1 ? null : n - 1);
      }
    }
  }

  /// @throws Problem.TooMany if none is free
  public Slot take(Optional<TenantId> asker) {
    synchronized (lock) {
      if (all >= most) {
        throw refusal("this server runs %d exports already", most);
      }
      if (taken.getOrDefault(asker, 0) >= share) {
        throw refusal("this tenant has %d exports running on this server already", share);
      }
      all++;
      var _ = taken.merge(asker, 1, Integer::sum);
      return new Slot(asker);
    }
  }

  private Problem.TooMany refusal(String reason, int running) {
    return new Problem.TooMany(
        reason.formatted(running) + "; come again when one has ended", retryAfter);
  }

  public int taken() {
    synchronized (lock) {
      return all;
    }
  }
}
