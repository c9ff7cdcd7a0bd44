package dev.stitchd.boundary;

import dev.stitchd.kernel.Problem;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.annotation.Order;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebExceptionHandler;
import reactor.core.publisher.Mono;

/// Answers every failed request with problem+json: expected problems as they are, anything else as
/// a 500 that carries an incident number and nothing else; the log has the rest.
@Component
@Order(-2) // before the framework's own handler
final class ProblemHandler implements WebExceptionHandler {

  private static final Logger LOG = LoggerFactory.getLogger(ProblemHandler.class);

  private final RandomGenerator chance;

  ProblemHandler(RandomGenerator chance) {
    this.chance = chance;
  }

  @Override
  public Mono<Void> handle(ServerWebExchange exchange, Throwable failure) {
    if (exchange.getResponse().isCommitted()) {
      return Mono.error(failure);
    }
    var path = exchange.getRequest().getPath().value();
    return switch (failure) {
      case Problem problem -> write(exchange, problem);
      case DataBufferLimitException _ ->
          write(
              exchange, new Problem.TooLarge("the request body is larger than this route allows"));
      case R2dbcException outage when Outage.isOne(outage) -> unavailable(exchange, outage);
      // a pool with too many waiting, or that is being closed
      case RejectedExecutionException full -> unavailable(exchange, full);
      case ResponseStatusException refused -> write(exchange, refused, path);
      default -> incident(exchange, failure, path);
    };
  }

  private static Mono<Void> unavailable(ServerWebExchange exchange, Throwable failure) {
    LOG.warn(
        "PostgreSQL did not answer {}: {}",
        exchange.getRequest().getPath().value(),
        failure.toString());
    return write(
        exchange,
        new Problem.Unavailable(
            "the configuration store does not answer; try again", Duration.ofSeconds(2), failure));
  }

  private static Mono<Void> write(ServerWebExchange exchange, Problem problem) {
    ProblemWriter.headers(problem).forEach(exchange.getResponse().getHeaders()::set);
    return write(
        exchange,
        ProblemWriter.status(problem),
        ProblemWriter.body(problem, exchange.getRequest().getPath().value()));
  }

  private static Mono<Void> write(
      ServerWebExchange exchange, ResponseStatusException refused, String path) {
    var known = HttpStatus.resolve(refused.getStatusCode().value());
    var status = known == null ? HttpStatus.BAD_REQUEST : known;
    var code = status.getReasonPhrase().toLowerCase(java.util.Locale.ROOT).replace(' ', '-');
    var detail =
        status == HttpStatus.NOT_FOUND
            ? "there is no route " + exchange.getRequest().getMethod() + " " + path
            : status.getReasonPhrase();
    exchange.getResponse().getHeaders().addAll(refused.getHeaders());
    return write(exchange, status, ProblemWriter.body(status, code, detail, path));
  }

  private Mono<Void> incident(ServerWebExchange exchange, Throwable failure, String path) {
    var incident = Long.toHexString(chance.nextLong());
    LOG.error("Incident {} at {} {}", incident, exchange.getRequest().getMethod(), path, failure);
    var detail = "something went wrong here; the server's log has it under incident " + incident;
    return write(
        exchange,
        HttpStatus.INTERNAL_SERVER_ERROR,
        ProblemWriter.body(HttpStatus.INTERNAL_SERVER_ERROR, "internal", detail, path));
  }

  private static Mono<Void> write(ServerWebExchange exchange, HttpStatus status, byte[] body) {
    var response = exchange.getResponse();
    response.setStatusCode(status);
    response.getHeaders().setContentType(MediaType.APPLICATION_PROBLEM_JSON);
    response.getHeaders().set("Cache-Control", "no-store");
    return response.writeWith(Mono.just(response.bufferFactory().wrap(body)));
  }
}
