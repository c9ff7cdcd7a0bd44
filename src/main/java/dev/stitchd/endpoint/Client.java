package dev.stitchd.endpoint;

import dev.stitchd.access.SdkCaller;
import dev.stitchd.snapshot.Snapshot;

/// Who calls, and the newest state of its environment.
public record Client(SdkCaller caller, Snapshot snapshot) {

  /// Whether its key is public.
  public boolean isPublic() {
    return caller.kind() == SdkCaller.Kind.CLIENT;
  }
}
