package dev.stitchd.warmup;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How a node warms up before it is ready; `STITCHD_WARMUP_…`.
///
/// @param time for how long at most; 0 for not at all
/// @param requests how many requests are enough
@ConfigurationProperties("stitchd.warmup")
record WarmUpSettings(
    @Allowed(from = "0") @DefaultValue("2s") Duration time,
    @Allowed(from = "0") @DefaultValue("20000") int requests) {

  /// Whether there is anything to do.
  boolean isOn() {
    return time.isPositive() && requests > 0;
  }
}
