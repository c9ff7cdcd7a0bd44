package dev.stitchd.runtime;

import dev.stitchd.kernel.Allowed;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// The HTTP server's threads and connections; `STITCHD_HTTP_…`. Port, address and HTTP/2 are the
/// framework's, see `application.yaml`.
///
/// @param eventLoops threads that serve connections; 0 for as many as there are processors
/// @param lingering how long a client that was refused before it had sent its whole request may go
///   on sending until it reads the answer
/// @param idle how long a connection may wait for its next request; longer than a load balancer in
///   front keeps it
@ConfigurationProperties("stitchd.http")
record HttpSettings(
    @Allowed(from = "0", to = "1024") @DefaultValue("0") int eventLoops,
    @Allowed(from = "0s") @DefaultValue("5s") Duration lingering,
    @DefaultValue("75s") Duration idle) {

  int threads() {
    return eventLoops > 0 ? eventLoops : Runtime.getRuntime().availableProcessors();
  }
}
