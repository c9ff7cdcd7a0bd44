package dev.stitchd.warehouse;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.QueryStringEncoder;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

/// A few connections to ClickHouse for what may wait or fail, apart from those that inserts need.
/// Statements run on one thread of ClickHouse's and for two seconds at most.
final class LiveHttp {

  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private static final Map<String, String> SETTINGS =
      Map.of(
          "max_threads", "1",
          "max_execution_time", "2",
          "async_insert", "0",
          "output_format_json_quote_64bit_integers", "0",
          "date_time_output_format", "iso");

  private final ClickHouseAddress address;
  private final Scheduler timer;
  private final ConnectionProvider connections;
  private final HttpClient client;

  LiveHttp(
      ClickHouseAddress address,
      ClickHouseSettings clickHouse,
      LiveSettings settings,
      Scheduler timer) {
    this.address = address;
    this.timer = timer;
    connections =
        ConnectionProvider.builder("clickhouse-live")
            .maxConnections(settings.connections())
            .pendingAcquireMaxCount(settings.watchers() + 1)
            .pendingAcquireTimeout(PATIENCE)
            .maxIdleTime(clickHouse.idleTime())
            .build();
    client =
        HttpClient.create(connections)
            .baseUrl(address.origin())
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) clickHouse.connectTimeout().toMillis())
            .disableRetry(true)
            .headers(headers -> {
              headers.set("X-ClickHouse-User", address.user());
              if (!address.password().isEmpty()) {
                headers.set("X-ClickHouse-Key", address.password());
              }
            });
  }

  /// The answer's text. Emits once, on a thread of the client's; fails with
  /// [dev.stitchd.delivery.EventSink.Failure] or a failure of the connection.
  Mono<String> ask(String statement, Map<String, String> parameters, byte[] data) {
    var all = new LinkedHashMap<>(SETTINGS);
    all.putAll(parameters);
    all.put("database", address.database());
    var uri = new QueryStringEncoder("/");
    uri.addParam("query", statement);
    all.forEach(uri::addParam);
    return client
        .post()
        .uri(uri.toString())
        .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(data)))
        .responseSingle(ClickHouseHttp::text)
        .timeout(PATIENCE, timer);
  }

  Mono<Void> close() {
    return connections.disposeLater();
  }
}
