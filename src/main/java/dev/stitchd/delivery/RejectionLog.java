package dev.stitchd.delivery;

import dev.stitchd.kernel.EnvironmentId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Keeps some of the events that were rejected, for people who look. Safe from any thread, never
/// waits; leaves out what is too much. Nothing is counted from it.
public interface RejectionLog {

  /// The most of one request that are worth passing on.
  int OF_A_REQUEST = 20;

  void note(EnvironmentId environment, List<Rejected> rejected);

  /// @param id as it was sent; null if there was none that can be repeated
  /// @param code the stable code of `docs/problems.md`
  record Rejected(@Nullable String id, String code, String detail) {}
}
