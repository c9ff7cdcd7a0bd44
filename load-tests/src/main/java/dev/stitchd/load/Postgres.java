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

  /// What the server sets on the connections that it reads with.
  static final Map<String, String> READER =
      Map.of(
          "role", "stitchd_reader",
          "plan_cache_mode", "force_generic_plan",
          "enable_seqscan", "off");

  /// A pool as the server's: event loops of its own, so that its connections do not share one.
  ///
  /// @param settings of its connections, for example [#READER]
  ConnectionPool pool(int size, LoopResources loops, Map<String, String> settings) {
    var options =
        ConnectionFactoryOptions.parse("r2dbc:" + url)
            .mutate()
            .option(PostgresqlConnectionFactoryProvider.LOOP_RESOURCES, loops)
            .option(PostgresqlConnectionFactoryProvider.OPTIONS, settings)
            .build();
    return new ConnectionPool(
        ConnectionPoolConfiguration.builder(ConnectionFactories.get(options))
            .initialSize(size)
            .maxSize(size)
            .build());
  }
}
