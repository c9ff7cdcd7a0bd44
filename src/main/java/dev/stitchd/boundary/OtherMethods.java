package dev.stitchd.boundary;

import dev.stitchd.kernel.Problem;
import java.util.List;
import org.springframework.http.HttpMethod;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Tells a route that exists with other methods from one that does not exist.
public final class OtherMethods {

  private static final List<HttpMethod> METHODS =
      List.of(HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE);

  private OtherMethods() {}

  /// These routes, and behind them the refusal of methods that they do not have, which fails with
  /// [Problem.MethodNotAllowed].
  public static RouterFunction<ServerResponse> refusedBy(RouterFunction<ServerResponse> routes) {
    return routes.and(request -> refusal(routes, request));
  }

  private static Mono<HandlerFunction<ServerResponse>> refusal(
      RouterFunction<ServerResponse> routes, ServerRequest request) {
    return Flux.fromIterable(METHODS)
        .filter(method -> !method.equals(request.method()))
        .filterWhen(method -> routes.route(with(request, method)).hasElement())
        .map(HttpMethod::name)
        .collectList()
        .filter(allowed -> !allowed.isEmpty())
        .map(allowed ->
            _ -> Mono.error(new Problem.MethodNotAllowed(request.method().name(), allowed)));
  }

  private static ServerRequest with(ServerRequest request, HttpMethod method) {
    return ServerRequest.from(request).method(method).build();
  }
}
