package dev.stitchd.postgres;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import reactor.core.publisher.Mono;

/// Stands before every connection to PostgreSQL until its schema is what this version needs, since
/// a node may start while PostgreSQL is out. Whoever comes before that is answered as if PostgreSQL
/// did not answer, at once.
final class SchemaGate {

  private volatile boolean open;

  void open() {
    open = true;
  }

  /// Completes if the gate is open, else fails.
  Mono<Void> passed() {
    return Mono.defer(() ->
        open
            ? Mono.empty()
            : Mono.error(
                new R2dbcNonTransientResourceException(
                    "PostgreSQL has not answered since the start")));
  }

  /// The same connections, behind this gate.
  ConnectionFactory before(ConnectionFactory connections) {
    return new ConnectionFactory() {
      @Override
      public Mono<? extends Connection> create() {
        return passed().then(Mono.defer(() -> Mono.from(connections.create())));
      }

      @Override
      public ConnectionFactoryMetadata getMetadata() {
        return connections.getMetadata();
      }
    };
  }
}
