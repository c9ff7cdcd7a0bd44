package dev.stitchd.warehouse;

import dev.stitchd.delivery.EventSink;
import dev.stitchd.kernel.Json;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.QueryStringEncoder;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.netty.ByteBufMono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;
import reactor.netty.resources.ConnectionProvider;

/// ClickHouse's HTTP interface, without blocking. Credentials travel as headers and are never
/// logged.
final class ClickHouseHttp {

  /// Set by ClickHouse on every error it reports itself.
  static final String EXCEPTION_CODE = "X-ClickHouse-Exception-Code";

  private static final String SUMMARY = "X-ClickHouse-Summary";

  private final ClickHouseAddress address;
  private final ClickHouseSettings settings;
  private final Scheduler timer;
  private final ConnectionProvider connections;
  private final HttpClient pooled;
  private final HttpClient single;

  ClickHouseHttp(ClickHouseAddress address, ClickHouseSettings settings, Scheduler timer) {
    this.address = address;
    this.settings = settings;
    this.timer = timer;
    connections =
        ConnectionProvider.builder("clickhouse")
            .maxConnections(settings.insertConnections())
            .pendingAcquireMaxCount(4 * settings.insertConnections())
            .pendingAcquireTimeout(settings.insertTimeout())
            .maxIdleTime(settings.idleTime())
            .build();
    pooled = configured(HttpClient.create(connections), address, settings);
    single = configured(HttpClient.newConnection(), address, settings);
  }

  /// Every attempt is the courier's: the client must not repeat one by itself.
  static HttpClient configured(
      HttpClient client, ClickHouseAddress address, ClickHouseSettings settings) {
    return client
        .baseUrl(address.origin())
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) settings.connectTimeout().toMillis())
        .disableRetry(true)
        .headers(headers -> credentials(headers, address));
  }

  private static void credentials(HttpHeaders headers, ClickHouseAddress address) {
    headers.set("X-ClickHouse-User", address.user());
    if (!address.password().isEmpty()) {
      headers.set("X-ClickHouse-Key", address.password());
    }
  }

  /// Completes if ClickHouse answers; opens a connection of its own, since that is the question.
  /// Fails with [EventSink.Unavailable].
  Mono<Void> ping() {
    return single
        .get()
        .uri("/ping")
        .responseSingle(ClickHouseHttp::verdict)
        .as(answer -> within(settings.pingTimeout(), answer));
  }

  /// Makes the database if it is not there. Completes and fails as [#run] does.
  Mono<Void> createDatabase() {
    return post("CREATE DATABASE IF NOT EXISTS " + address.database(), Map.of(), new byte[0]);
  }

  /// Runs a statement with data in the database. Completes when ClickHouse has answered that it is
  /// done; fails with [EventSink.Failure].
  Mono<Void> run(String statement, Map<String, String> parameters, byte[] data) {
    var all = new LinkedHashMap<>(parameters);
    all.put("database", address.database());
    return post(statement, all, data);
  }

  /// Runs an `INSERT … SELECT` in the database. Emits how many rows it wrote; fails as [#run] does.
  Mono<Long> insertSelect(String statement, Map<String, String> parameters) {
    var all = new LinkedHashMap<>(parameters);
    all.put("database", address.database());
    all.put("wait_end_of_query", "1"); // so that the summary is of all of it
    return post(statement, all, new byte[0], ClickHouseHttp::written);
  }

  /// Asks something small in the database. Emits the answer as text; fails as [#run] does.
  Mono<String> ask(String query, Map<String, String> parameters) {
    var all = new LinkedHashMap<>(parameters);
    all.put("database", address.database());
    all.put("wait_end_of_query", "1"); // an error then has a status of its own
    return post(query, all, new byte[0], ClickHouseHttp::text);
  }

  /// An answer as text, or why ClickHouse refused.
  static Mono<String> text(HttpClientResponse response, ByteBufMono body) {
    var code = response.responseHeaders().get(EXCEPTION_CODE);
    int status = response.status().code();
    return body.asString()
        .defaultIfEmpty("")
        .flatMap(text ->
            status == 200 && code == null
                ? Mono.just(text)
                : Mono.error(Verdict.failure(status, code, text)));
  }

  private Mono<Void> post(String statement, Map<String, String> parameters, byte[] data) {
    return post(statement, parameters, data, ClickHouseHttp::verdict);
  }

  private <T> Mono<T> post(
      String statement,
      Map<String, String> parameters,
      byte[] data,
      BiFunction<HttpClientResponse, ByteBufMono, Mono<T>> reader) {
    return pooled
        .post()
        .uri(uri(statement, parameters))
        .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(data)))
        .responseSingle(reader)
        .as(answer -> within(settings.insertTimeout(), answer));
  }

  private static Mono<Long> written(HttpClientResponse response, ByteBufMono body) {
    var summary = response.responseHeaders().get(SUMMARY);
    return verdict(response, body).then(Mono.fromSupplier(() -> writtenRows(summary)));
  }

  private static long writtenRows(@Nullable String summary) {
    return summary == null ? 0 : Json.parseOwn(summary).path("written_rows").asLong(0);
  }

  static String uri(String statement, Map<String, String> parameters) {
    var uri = new QueryStringEncoder("/");
    uri.addParam("query", statement);
    parameters.forEach(uri::addParam);
    return uri.toString();
  }

  private static Mono<Void> verdict(HttpClientResponse response, ByteBufMono body) {
    return text(response, body).then();
  }

  private <T> Mono<T> within(Duration limit, Mono<T> answer) {
    return answer
        .timeout(limit, timer)
        .onErrorMap(
            TimeoutException.class,
            _ -> new EventSink.Unavailable("no answer within " + limit.toMillis() + " ms"))
        .onErrorMap(
            e -> !(e instanceof EventSink.Failure),
            e -> new EventSink.Unavailable(String.valueOf(e.getMessage()), e));
  }

  Mono<Void> close() {
    return connections.disposeLater();
  }
}
