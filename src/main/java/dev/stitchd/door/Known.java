package dev.stitchd.door;

import dev.stitchd.access.Access;
import dev.stitchd.access.SdkCaller;
import dev.stitchd.propagation.Instances;
import dev.stitchd.snapshot.Snapshot;
import dev.stitchd.snapshot.Snapshots;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.netty.http.server.HttpServerRequest;

/// Who asks and what there is to tell them, if both are in memory.
///
/// @param caller holds a server key
/// @param snapshot the newest of the caller's environment
public record Known(SdkCaller caller, Snapshot snapshot) {

  /// Looks up requests without waiting.
  @Component
  static final class Memory {
    private final Access access;
    private final Snapshots snapshots;

    Memory(Access access, Snapshots snapshots) {
      this.access = access;
      this.snapshots = snapshots;
    }

    /// Null if something has to be looked up or refused first.
    @Nullable Known of(HttpServerRequest request) {
      var headers = request.requestHeaders();
      if (headers.contains(Instances.HEADER)) {
        return null; // noted on the long way
      }
      var caller = access.known(headers.get("Authorization"), headers.get("X-API-Key"));
      if (caller == null || caller.kind() != SdkCaller.Kind.SERVER) {
        return null;
      }
      var snapshot = snapshots.held(caller.environment());
      return snapshot == null ? null : new Known(caller, snapshot);
    }
  }
}
