package dev.stitchd.boundary;

import java.util.regex.Pattern;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
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
    return isHead || path.startsWith("//")
        ? chain.filter(exchange.mutate().request(plain(request, path, isHead)).build())
        : chain.filter(exchange);
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
