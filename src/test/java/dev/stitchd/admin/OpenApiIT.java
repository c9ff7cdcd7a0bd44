package dev.stitchd.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stitchd.dev.Http;
import dev.stitchd.dev.Server;
import dev.stitchd.endpoint.SdkRoute;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.springframework.core.io.Resource;
import org.springframework.http.HttpMethod;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.RequestPredicate;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import reactor.core.publisher.Mono;

class OpenApiIT {

  /// Served by a filter below the router, so no router function names them.
  @Test
  void theDescriptionListsEveryRouteAndNoOther() {
    try (var server = Server.start()) {
      var answer = Http.at(server.url()).send("GET", "/openapi.json", "");
      assertThat(answer.status()).isEqualTo(200);
      var described = new TreeSet<String>();
      for (var path : answer.json().get("paths").properties()) {
        for (var operation : path.getValue().properties()) {
          if (!operation.getKey().equals("parameters")) {
            described.add(operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey());
          }
        }
      }
      var served = new Served();
      server
          .context()
          .getBeansOfType(RouterFunction.class)
          .values()
          .forEach(route -> route.accept(served));
      var routes = new TreeSet<>(served.routes);
      for (var route : SdkRoute.values()) {
        routes.add(route.method() + " " + route.pattern());
      }
      routes.removeIf(route -> route.startsWith("OPTIONS "));
      assertThat(described).isEqualTo(routes);
    }
  }

  private static final class Served implements RouterFunctions.Visitor, RequestPredicates.Visitor {

    private final Set<String> routes = new TreeSet<>();
    private final Deque<String> prefixes = new ArrayDeque<>();
    private final Set<HttpMethod> methods = new java.util.HashSet<>();
    private String path = "";

    @Override
    public void startNested(RequestPredicate predicate) {
      predicate.accept(this);
      prefixes.addLast(path);
      path = "";
    }

    @Override
    public void endNested(RequestPredicate predicate) {
      prefixes.removeLast();
    }

    @Override
    public void route(RequestPredicate predicate, HandlerFunction<?> handlerFunction) {
      methods.clear();
      predicate.accept(this);
      methods.forEach(method -> routes.add(method + " " + String.join("", prefixes) + path));
    }

    @Override
    public void resources(Function<ServerRequest, Mono<Resource>> lookupFunction) {}

    @Override
    public void attributes(java.util.Map<String, Object> attributes) {}

    @Override
    public void unknown(RouterFunction<?> routerFunction) {}

    @Override
    public void method(Set<HttpMethod> more) {
      methods.addAll(more);
    }

    @Override
    public void path(String pattern) {
      path = pattern;
    }

    @Override
    @Deprecated
    public void pathExtension(String extension) {}

    @Override
    public void header(String name, String value) {}

    @Override
    public void queryParam(String name, String value) {}

    @Override
    public void version(String version) {}

    @Override
    public void startAnd() {}

    @Override
    public void and() {}

    @Override
    public void endAnd() {}

    @Override
    public void startOr() {}

    @Override
    public void or() {}

    @Override
    public void endOr() {}

    @Override
    public void startNegate() {}

    @Override
    public void endNegate() {}

    @Override
    public void unknown(RequestPredicate predicate) {}
  }
}
