package dev.stitchd.dev;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Map;

/// The port people will open; looked at first, since a taken one spoils everything after it.
final class DevelopmentPort {

  private DevelopmentPort() {}

  static int check(Map<String, String> environment) {
    var port = port(environment.getOrDefault("STITCHD_HTTP_PORT", "8080"));
    try (var socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return port;
    } catch (IOException _) {
      throw new StoreProblem(
          "Port %d is taken: stop what listens there, or choose another port, for example STITCHD_HTTP_PORT=%d mvn spring-boot:test-run"
              .formatted(port, EngineProcess.freePort()));
    }
  }

  private static int port(String text) {
    try {
      var port = Integer.parseInt(text);
      if (port > 0 && port < 65_536) {
        return port;
      }
    } catch (NumberFormatException _) {
      // said below
    }
    throw new StoreProblem(
        "STITCHD_HTTP_PORT=%s is no port: give a number from 1 to 65535.".formatted(text));
  }
}
