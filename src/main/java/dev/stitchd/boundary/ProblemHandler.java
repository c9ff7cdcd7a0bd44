package dev.stitchd.boundary;

import org.springframework.core.annotation.Order;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebExceptionHandler;
import reactor.core.publisher.Mono;

/// Answers every request that failed among the filters and routes with problem+json.
@Component
@Order(-2) // before the framework's own handler
final class ProblemHandler implements WebExceptionHandler {

  private final Failures failures;

  ProblemHandler(Failures failures) {
    this.failures = failures;
  }

  @Override
  public Mono<Void> handle(ServerWebExchange exchange, Throwable failure) {
    var response = exchange.getResponse();
    if (response.isCommitted()) {
      return Mono.error(failure);
    }
    var request = exchange.getRequest();
    var answer = failures.refusal(failure, request.getMethod().name(), request.getPath().value());
    response.setStatusCode(answer.status());
    answer.headers().forEach(response.getHeaders()::set);
    response.getHeaders().setContentType(MediaType.APPLICATION_PROBLEM_JSON);
    response.getHeaders().set("Cache-Control", "no-store");
    return response.writeWith(Mono.just(response.bufferFactory().wrap(answer.body())));
  }
}
