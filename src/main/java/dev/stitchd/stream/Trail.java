package dev.stitchd.stream;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.propagation.Deliveries;

/// How far one stream has been sent, told to whoever counts that. Confined to its connection.
final class Trail {

  private final EnvironmentId environment;
  private final Deliveries deliveries;
  private long at = Deliveries.NOWHERE;

  Trail(EnvironmentId environment, Deliveries deliveries) {
    this.environment = environment;
    this.deliveries = deliveries;
  }

  void written(Frame frame) {
    if (frame.revision() != Frame.NONE) {
      deliveries.sent(environment, at, frame.revision(), 1);
      at = frame.revision();
    }
  }

  void ended() {
    if (at != Deliveries.NOWHERE) {
      deliveries.ended(environment, at, 1);
    }
  }
}
