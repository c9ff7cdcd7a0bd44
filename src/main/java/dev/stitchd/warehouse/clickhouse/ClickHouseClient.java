package dev.stitchd.warehouse.clickhouse;

import dev.stitchd.delivery.EventSink;
import dev.stitchd.kernel.Json;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.QueryStringEncoder;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.netty.ByteBufFlux;
import reactor.netty.ByteBufMono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;
import reactor.netty.http.client.HttpResponseDecoderSpec;
import reactor.netty.resources.ConnectionProvider;

/// The client for everything that this server asks of ClickHouse but analytical queries and
/// migrations, whose drivers have fences of their own: its HTTP interface, without blocking.
/// Credentials travel as headers and are never logged. Unless told otherwise, every failure is an
/// [EventSink.Failure]: refused for good, or unavailable.
public final class ClickHouseClient {

  /// Set by ClickHouse on every error it reports itself.
  private static final String EXCEPTION_CODE = "X-ClickHouse-Exception-Code";

  private static final String SUMMARY = "X-ClickHouse-Summary";

  /// What is read of a stream at once, as large as Netty's reads; the default would be eight times
  /// the pieces.
  private static final int PIECE = 64 * 1024;

  private final ClickHouseAddress address;
  private final ClickHouseSettings settings;
  private final ClickHouseTables tables;
  private final Duration patience;
  private final Scheduler timer;
  private final ConnectionProvider connections;
  private final HttpClient pooled;
  private final HttpClient unpooled;

  /// @param pool the connections that are shared by what this client runs
  /// @param patience how long an answer may take that is not streamed
  private ClickHouseClient(
      ClickHouseAddress address,
      ClickHouseSettings settings,
      ConnectionProvider pool,
      Duration patience,
      Scheduler timer) {
    this.address = address;
    this.settings = settings;
    this.tables = settings.tables();
    this.patience = patience;
    this.timer = timer;
    connections = pool;
    pooled = configured(HttpClient.create(pool));
    unpooled = configured(HttpClient.newConnection());
  }

  /// For inserts, and for the little that is asked besides.
  public ClickHouseClient(ClickHouseAddress address, ClickHouseSettings settings, Scheduler timer) {
    this(
        address,
        settings,
        pool(
            "clickhouse",
            settings.insertConnections(),
            4 * settings.insertConnections(),
            settings.insertTimeout(),
            settings),
        settings.insertTimeout(),
        timer);
  }

  /// The same ClickHouse over connections of its own, for what may wait or fail and must not take
  /// connections from others.
  ///
  /// @param most connections
  /// @param waiting statements that may wait for one
  public ClickHouseClient apart(String name, int most, int waiting, Duration patience) {
    return new ClickHouseClient(
        address, settings, pool(name, most, waiting, patience, settings), patience, timer);
  }

  /// Where rows lie.
  public ClickHouseTables tables() {
    return tables;
  }

  /// Every server that has rows: this one, or all of a cluster, which are reached at the same port
  /// and as the same user.
  public Flux<ClickHouseClient> servers() {
    return hosts(
            "SELECT host_name FROM system.clusters WHERE cluster = {cluster:String} ORDER BY shard_num, replica_num FORMAT TSV")
        .map(this::at);
  }

  /// One server of each shard, which tells the other replicas what it is told; of several the one
  /// that could be reached best lately.
  public Flux<ClickHouseClient> shards() {
    return hosts(
            "SELECT argMin(host_name, (errors_count, replica_num)) FROM system.clusters WHERE cluster = {cluster:String} GROUP BY shard_num ORDER BY shard_num FORMAT TSV")
        .map(this::at);
  }

  private ClickHouseClient at(ClickHouseAddress server) {
    return new ClickHouseClient(server, settings, connections, patience, timer);
  }

  public ClickHouseAddress address() {
    return address;
  }

  private Flux<ClickHouseAddress> hosts(String question) {
    var cluster = tables.cluster();
    if (cluster == null) {
      return Flux.just(address);
    }
    var statement = ClickHouseStatement.of(question).with(Map.of("param_cluster", cluster));
    return post(uri(statement, Map.of()), statement.data(), ClickHouseClient::text)
        .flatMapIterable(answer -> answer.lines().toList())
        .distinct()
        .map(address::at)
        .switchIfEmpty(
            Mono.error(() ->
                new EventSink.Unavailable(
                    "ClickHouse knows no cluster named "
                        + cluster
                        + " (STITCHD_CLICKHOUSE_CLUSTER; see system.clusters)")));
  }

  private static ConnectionProvider pool(
      String name, int most, int waiting, Duration patience, ClickHouseSettings settings) {
    return ConnectionProvider.builder(name)
        .maxConnections(most)
        .pendingAcquireMaxCount(waiting)
        .pendingAcquireTimeout(patience)
        .maxIdleTime(settings.idleTime())
        .build();
  }

  /// Every attempt belongs to the caller: the client must not repeat one by itself.
  private HttpClient configured(HttpClient client) {
    return client
        .baseUrl(address.origin())
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) settings.connectTimeout().toMillis())
        .disableRetry(true)
        .headers(this::credentials);
  }

  private void credentials(HttpHeaders headers) {
    headers.set("X-ClickHouse-User", address.user());
    if (!address.password().isEmpty()) {
      headers.set("X-ClickHouse-Key", address.password());
    }
  }

  /// Completes if ClickHouse answers; opens a connection of its own, since that is the question.
  public Mono<Void> ping() {
    return unpooled
        .get()
        .uri("/ping")
        .responseSingle(ClickHouseClient::done)
        .as(answer -> within(settings.pingTimeout(), answer));
  }

  /// Makes the database if it is not there.
  public Mono<Void> createDatabase() {
    var statement = ClickHouseStatement.of("CREATE DATABASE IF NOT EXISTS " + address.database());
    return post(uri(statement, Map.of()), statement.data(), ClickHouseClient::done);
  }

  /// Runs a statement. Completes when ClickHouse has answered that it is done.
  public Mono<Void> run(ClickHouseStatement given) {
    var statement = given.on(tables);
    return post(inDatabase(statement, Map.of()), statement.data(), ClickHouseClient::done);
  }

  /// Runs an `INSERT … SELECT`. Emits how many rows it wrote.
  public Mono<Long> insertSelect(ClickHouseStatement given) {
    var statement = given.on(tables);
    return post(whole(statement), statement.data(), ClickHouseClient::written);
  }

  /// Asks something small. Emits the answer as text.
  public Mono<String> ask(ClickHouseStatement given) {
    var statement = given.on(tables);
    return post(whole(statement), statement.data(), ClickHouseClient::text);
  }

  /// The bytes of one read-only query, read from the network as they are asked for, on a connection
  /// of its own: to cancel is to close it, which is how ClickHouse learns that nobody wants the
  /// rest. Each must be released. Completes with the answer's end; fails also as the connection
  /// does. Emits on Netty's event loops.
  public Flux<ByteBuf> stream(ClickHouseStatement given) {
    var query = given.on(tables);
    // GET implies read-only
    var ended = Map.of("cancel_http_readonly_queries_on_client_close", "1");
    return unpooled
        .httpResponseDecoder(ClickHouseClient::inLargePieces)
        .get()
        .uri(inDatabase(query, ended))
        .response(ClickHouseClient::bytesOrFailure)
        .doOnDiscard(ByteBuf.class, ReferenceCountUtil::release);
  }

  @SuppressWarnings(
      "deprecation") // gone in the next major version of Netty, which has no such limit
  private static HttpResponseDecoderSpec inLargePieces(HttpResponseDecoderSpec decoder) {
    return decoder.maxChunkSize(PIECE);
  }

  /// So that an error has a status of its own, and a summary is of all of it.
  private String whole(ClickHouseStatement statement) {
    return inDatabase(statement, Map.of("wait_end_of_query", "1"));
  }

  private String inDatabase(ClickHouseStatement statement, Map<String, String> more) {
    var parameters = new LinkedHashMap<>(more);
    parameters.putAll(tables.settings());
    parameters.put("database", address.database());
    return uri(statement, parameters);
  }

  private static String uri(ClickHouseStatement statement, Map<String, String> more) {
    var uri = new QueryStringEncoder("/");
    uri.addParam("query", statement.sql());
    statement.parameters().forEach(uri::addParam);
    statement.limits().settings().forEach(uri::addParam);
    more.forEach(uri::addParam);
    return uri.toString();
  }

  private <T> Mono<T> post(
      String uri, byte[] data, BiFunction<HttpClientResponse, ByteBufMono, Mono<T>> reader) {
    return pooled
        .post()
        .uri(uri)
        .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(data)))
        .responseSingle(reader)
        .as(answer -> within(patience, answer));
  }

  private static Mono<Void> done(HttpClientResponse response, ByteBufMono body) {
    return text(response, body).then();
  }

  private static Mono<Long> written(HttpClientResponse response, ByteBufMono body) {
    var summary = response.responseHeaders().get(SUMMARY);
    return done(response, body).then(Mono.fromSupplier(() -> writtenRows(summary)));
  }

  private static long writtenRows(@Nullable String summary) {
    return summary == null ? 0 : Json.parseOwn(summary).path("written_rows").asLong(0);
  }

  private static Mono<String> text(HttpClientResponse response, ByteBufMono body) {
    var text = body.asString().defaultIfEmpty("");
    return isDone(response) ? text : text.flatMap(error -> failure(response, error));
  }

  private static Publisher<ByteBuf> bytesOrFailure(HttpClientResponse response, ByteBufFlux body) {
    return isDone(response)
        ? body.retain()
        : body.aggregate()
            .asString()
            .defaultIfEmpty("")
            .flatMapMany(error -> failure(response, error));
  }

  private static boolean isDone(HttpClientResponse response) {
    return response.status().code() == 200 && !response.responseHeaders().contains(EXCEPTION_CODE);
  }

  private static <T> Mono<T> failure(HttpClientResponse response, String error) {
    var code = response.responseHeaders().get(EXCEPTION_CODE);
    return Mono.error(ClickHouseFailures.of(response.status().code(), code, error));
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

  public Mono<Void> close() {
    return connections.disposeLater();
  }
}
