package dev.stitchd.boundary;

import dev.stitchd.kernel.Problem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.annotation.Order;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebExceptionHandler;
import org.springframework.web.util.DisconnectedClientHelper;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;

/// Answers every request that failed among the filters and routes with problem+json. Where the
/// answer has begun, its connection breaks instead, or in HTTP/2 its stream, so that nobody takes
/// the part for the whole.
@Component
@Order(-2) // before the framework's own handler
final class ProblemHandler implements WebExceptionHandler {

  private static final Logger LOG = LoggerFactory.getLogger(ProblemHandler.class);

  private final Failures failures;

  ProblemHandler(Failures failures) {
    this.failures = failures;
  }

  @Override
  public Mono<Void> handle(ServerWebExchange exchange, Throwable failure) {
    var response = exchange.getResponse();
    var request = exchange.getRequest();
    if (response.isCommitted()) {
      return DisconnectedClientHelper.isClientDisconnectedException(failure)
          ? Mono.error(failure)
          : broken(request, failure);
    }
    var answer = failures.refusal(failure, request.getMethod().name(), request.getPath().value());
    response.setStatusCode(answer.status());
    answer.headers().forEach(response.getHeaders()::set);
    response.getHeaders().setContentType(MediaType.APPLICATION_PROBLEM_JSON);
    response.getHeaders().set("Cache-Control", "no-store");
    return response.writeWith(Mono.just(response.bufferFactory().wrap(answer.body())));
  }

  /// Left to themselves, the framework and the server would each log an error with its stack.
  private static Mono<Void> broken(ServerHttpRequest request, Throwable failure) {
    if (failure instanceof Problem) { // told where it arose, if it is worth that
      LOG.debug("{} {} broke off", request.getMethod(), request.getPath(), failure);
    } else {
      LOG.warn(
          "Management API: {} {} failed after its answer had begun ({}); its client gets no whole answer and may ask again",
          request.getMethod(),
          request.getPath(),
          failure.toString());
    }
    Connection connection = ServerHttpRequestDecorator.getNativeRequest(request);
    return Mono.fromRunnable(connection::dispose).then(connection.onDispose());
  }
}
