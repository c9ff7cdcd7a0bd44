package dev.stitchd.warehouse;

import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import java.util.LinkedHashMap;
import java.util.Map;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufFlux;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;
import reactor.netty.http.client.HttpResponseDecoderSpec;
import reactor.netty.resources.ConnectionProvider;

/// Answers of ClickHouse as the bytes they are. Each runs on a connection of its own, so that to
/// cancel is to close it, which is how ClickHouse learns that nobody wants the rest.
final class ClickHouseBytes {

  /// As large as Netty reads at once; the default would be eight times the pieces.
  private static final int PIECE = 64 * 1024;

  /// Beside what GET implies: read-only.
  private static final Map<String, String> SETTINGS =
      Map.of("cancel_http_readonly_queries_on_client_close", "1", "max_execution_time", "0");

  private final ClickHouseAddress address;
  private final HttpClient client;

  ClickHouseBytes(ClickHouseAddress address, ClickHouseSettings settings) {
    this.address = address;
    client =
        ClickHouseHttp.configured(
                HttpClient.create(ConnectionProvider.newConnection()), address, settings)
            .httpResponseDecoder(ClickHouseBytes::inLargePieces);
  }

  @SuppressWarnings(
      "deprecation") // gone in the next major version of Netty, which has no such limit
  private static HttpResponseDecoderSpec inLargePieces(HttpResponseDecoderSpec decoder) {
    return decoder.maxChunkSize(PIECE);
  }

  /// The bytes of one read-only query, read from the network as they are asked for. Each must be
  /// released. Completes with the answer's end; fails with [dev.stitchd.delivery.EventSink.Failure]
  /// if ClickHouse refuses, and as the connection does. Emits on Netty's event loops.
  Flux<ByteBuf> of(String query, Map<String, String> parameters) {
    var all = new LinkedHashMap<>(SETTINGS);
    all.putAll(parameters);
    all.put("database", address.database());
    return client
        .get()
        .uri(ClickHouseHttp.uri(query, all))
        .response(ClickHouseBytes::bytesOrFailure)
        .doOnDiscard(ByteBuf.class, ReferenceCountUtil::release);
  }

  private static Publisher<ByteBuf> bytesOrFailure(HttpClientResponse response, ByteBufFlux body) {
    var code = response.responseHeaders().get(ClickHouseHttp.EXCEPTION_CODE);
    int status = response.status().code();
    return status == 200 && code == null
        ? body.retain()
        : body.aggregate()
            .asString()
            .defaultIfEmpty("")
            .flatMapMany(text -> Mono.<ByteBuf>error(Verdict.failure(status, code, text)));
  }
}
