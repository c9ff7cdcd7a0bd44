package dev.stitchd.propagation;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.snapshot.Snapshot;
import org.jspecify.annotations.Nullable;

/// Hears what instances of SDKs say about themselves: in the header `Stitchd-Instance: <name>`,
/// which may go on with `; cursor=<the cursor applied>`. A header that cannot be read is passed
/// over, since serving matters more. Safe from any thread, never blocks, never fails.
public interface Instances {

  /// The header.
  String HEADER = "Stitchd-Instance";

  /// Notes the instance that a request names, if it does.
  ///
  /// @param header the header's value; null if there is none
  /// @param cursor what the request itself says the instance has, such as `If-None-Match`; the
  ///   header's own cursor comes first
  void noted(Snapshot snapshot, @Nullable String header, @Nullable String cursor);

  /// As [#noted], and counts the instance as present until [#gone].
  ///
  /// @return its name, null if the request names none
  @Nullable String connected(Snapshot snapshot, @Nullable String header, @Nullable String cursor);

  /// A stream of a connected instance has ended.
  void gone(EnvironmentId environment, String instance);
}
