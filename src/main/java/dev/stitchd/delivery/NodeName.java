package dev.stitchd.delivery;

import java.net.InetAddress;
import java.net.UnknownHostException;

/// What this node calls itself in answers.
public record NodeName(String name) {

  /// The name that was given, else the machine's. Blocks; at the start.
  static NodeName of(NodeSettings settings) {
    if (settings.node() != null && !settings.node().isBlank()) {
      return new NodeName(settings.node().strip());
    }
    try {
      return new NodeName(InetAddress.getLocalHost().getHostName());
    } catch (UnknownHostException _) {
      return new NodeName("localhost");
    }
  }
}
