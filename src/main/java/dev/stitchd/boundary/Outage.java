package dev.stitchd.boundary;

import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientException;
import java.util.Set;

/// Tells a store that does not answer from a statement that is wrong.
final class Outage {

  /// PostgreSQL's classes for connection failures, too many connections, shutting down, and lock or
  /// statement timeouts.
  private static final Set<String> STATES =
      Set.of("57P01", "57P02", "57P03", "53300", "55P03", "57014");

  private Outage() {}

  static boolean isOne(R2dbcException failure) {
    var state = failure.getSqlState();
    return failure instanceof R2dbcNonTransientResourceException
        || failure instanceof R2dbcTimeoutException
        || failure instanceof R2dbcTransientException
        || (state != null && (state.startsWith("08") || STATES.contains(state)));
  }
}
