package dev.stitchd.boundary;

import java.util.regex.Pattern;
import org.reactivestreams.Publisher;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Makes of requests what the routes know, before anything is decided about them: several slashes
/// at the beginning of a path are one, and HEAD is GET, whose body the server then leaves out.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
public final class PlainRequests implements WebFilter {

  private static final Pattern SLASHES = Pattern.compile("^/{2,}");

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    var request = exchange.getRequest();
    var path = request.getPath().value();
    boolean isHead = request.getMethod().equals(HttpMethod.HEAD);
    if (isHead) {
      var head = new HeadAlone(exchange.getResponse());
      return chain.filter(
          exchange.mutate().request(plain(request, path, true)).response(head).build());
    }
    return path.startsWith("//")
        ? chain.filter(exchange.mutate().request(plain(request, path, false)).build())
        : chain.filter(exchange);
  }

  /// The framework would have a body that comes in pieces made to its end, and throw it away.
  private static final class HeadAlone extends ServerHttpResponseDecorator {

    private HeadAlone(ServerHttpResponse response) {
      super(response);
    }

    @Override
    public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
      return super.writeWith(body instanceof Mono ? body : Flux.empty());
    }
  }

  /// A path that begins with one slash.
  public static String path(String path) {
    return path.startsWith("//") ? SLASHES.matcher(path).replaceFirst("/") : path;
  }

  private static ServerHttpRequest plain(ServerHttpRequest request, String path, boolean isHead) {
    var plain = request.mutate().path(path(path));
    return isHead ? plain.method(HttpMethod.GET).build() : plain.build();
  }
}
