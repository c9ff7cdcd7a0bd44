package dev.stitchd.endpoint;

import dev.stitchd.kernel.Problem;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.netty.Connection;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/// A request to the SDK plane. Confined to its connection's event loop.
public final class SdkRequest {

  private static final int MOST_PARAMETERS = 64;

  private final SdkRoute route;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final String path;
  private final long began = System.nanoTime();
  private @Nullable Map<String, List<String>> query;

  SdkRequest(SdkRoute route, HttpServerRequest request, HttpServerResponse response, String path) {
    this.route = route;
    this.request = request;
    this.response = response;
    this.path = path;
  }

  public SdkRoute route() {
    return route;
  }

  /// The path as it was sent.
  public String path() {
    return path;
  }

  /// What the path has in the place of the route's variable, decoded.
  public String variable() {
    var text = route.variable(path);
    if (text.indexOf('%') < 0) {
      return text;
    }
    try {
      return QueryStringDecoder.decodeComponent(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      return text; // nothing has such a name
    }
  }

  /// The first value of a header; null for none.
  public @Nullable String header(CharSequence name) {
    return request.requestHeaders().get(name);
  }

  /// All values of a header.
  public List<String> headers(CharSequence name) {
    return request.requestHeaders().getAll(name);
  }

  /// The first value of a parameter; null for none.
  ///
  /// @throws Problem.Malformed if the query cannot be read
  public @Nullable String parameter(String name) {
    var values = query().get(name);
    return values == null ? null : values.getFirst();
  }

  /// Where the connection comes from, which may be a proxy; null if that is not known.
  public @Nullable InetSocketAddress remote() {
    return request.remoteAddress();
  }

  /// The body in pieces as they arrive.
  public Flux<byte[]> body() {
    return request.receive().asByteArray();
  }

  /// The response, for an endpoint that writes it itself.
  public HttpServerResponse response() {
    return response;
  }

  /// The request as the server has it, for an endpoint that writes to the connection.
  public HttpServerRequest connection() {
    return request;
  }

  /// The connection, or in HTTP/2 the stream.
  public Channel channel() {
    if (request instanceof Connection connection) {
      return connection.channel();
    }
    throw new IllegalStateException("a request of Reactor Netty is a connection");
  }

  HttpMethod method() {
    return request.method();
  }

  HttpHeaders requestHeaders() {
    return request.requestHeaders();
  }

  long began() {
    return began;
  }

  private Map<String, List<String>> query() {
    var known = query;
    if (known == null) {
      known = parsed(request.uri());
      query = known;
    }
    return known;
  }

  private static Map<String, List<String>> parsed(String uri) {
    if (uri.indexOf('?') < 0) {
      return Map.of();
    }
    try {
      return new QueryStringDecoder(uri, StandardCharsets.UTF_8, true, MOST_PARAMETERS, true)
          .parameters();
    } catch (IllegalArgumentException _) {
      throw new Problem.Malformed("the query of this address cannot be read");
    }
  }
}
