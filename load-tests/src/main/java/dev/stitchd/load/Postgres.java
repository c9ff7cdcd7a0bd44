package dev.stitchd.load;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.Map;
import reactor.netty.resources.LoopResources;

/// PostgreSQL itself, beside the server: `--postgres` or `STITCHD_POSTGRES_URL`.
final class Postgres {

  private final String url;

  Postgres(Options options) {
    this.url = options.text("postgres", System.getenv().getOrDefault("STITCHD_POSTGRES_URL", ""));
  }

  /// A pool as the server's: event loops of its own, so that its connections do not share one.
  ///
  /// @param role whose rights the connections have; empty for the owner's
  ConnectionPool pool(int size, LoopResources loops, String role) {
    var options =
        ConnectionFactoryOptions.parse("r2dbc:" + url)
            .mutate()
            .option(PostgresqlConnectionFactoryProvider.LOOP_RESOURCES, loops)
            .option(
                PostgresqlConnectionFactoryProvider.OPTIONS,
                role.isEmpty() ? Map.of() : Map.of("role", role))
            .build();
    return new ConnectionPool(
        ConnectionPoolConfiguration.builder(ConnectionFactories.get(options))
            .initialSize(size)
            .maxSize(size)
            .build());
  }
}
