package dev.stitchd.runtime;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// The HTTP server's threads; `STITCHD_HTTP_…`. Port, address, idle time and HTTP/2 are the
/// framework's, see `application.yaml`.
///
/// @param eventLoops threads that serve connections; 0 for as many as there are processors
@ConfigurationProperties("stitchd.http")
record HttpSettings(@DefaultValue("0") int eventLoops) {

  int threads() {
    return eventLoops > 0 ? eventLoops : Runtime.getRuntime().availableProcessors();
  }
}
