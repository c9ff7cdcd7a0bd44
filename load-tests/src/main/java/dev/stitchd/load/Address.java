package dev.stitchd.load;

import java.net.InetSocketAddress;
import java.net.URI;

/// Where the measured server listens. Only this machine: the bench opens thousands of connections.
///
/// @param host a loopback host
/// @param port its port
record Address(String host, int port) {

  Address {
    if (!host.equals("localhost") && !host.startsWith("127.")) {
      throw new IllegalArgumentException("the bench measures servers on this machine, not " + host);
    }
  }

  static Address of(String url) {
    var uri = URI.create(url);
    return new Address(uri.getHost(), uri.getPort());
  }

  InetSocketAddress socket() {
    return new InetSocketAddress(host, port);
  }

  String hostHeader() {
    return host + ":" + port;
  }
}
