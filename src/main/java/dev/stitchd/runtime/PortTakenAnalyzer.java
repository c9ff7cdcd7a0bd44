package dev.stitchd.runtime;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.core.annotation.Order;

/// Says which of our settings changes a port that is taken, before Spring's own analyzer is asked.
@Order(0)
final class PortTakenAnalyzer extends AbstractFailureAnalyzer<PortInUseException> {

  @Override
  protected FailureAnalysis analyze(Throwable root, PortInUseException cause) {
    return new FailureAnalysis(
        "Port %d is in use: stop what listens there, or set STITCHD_HTTP_PORT to another one."
            .formatted(cause.getPort()),
        null,
        cause);
  }
}
