package dev.stitchd.ofrep;

import dev.stitchd.boundary.BrowserOrigins;
import dev.stitchd.boundary.ProblemWriter;
import dev.stitchd.kernel.Problem;
import dev.stitchd.ruleset.ErrorCode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/// Answers as OFREP's clients expect them. Every refusal has a JSON body with an error code and,
/// for one flag, its key: some clients fail on anything less, whatever the specification says.
final class Answers {

  private static final Logger LOG = LoggerFactory.getLogger(Answers.class);
  private static final String VARY = "Authorization, X-API-Key, Accept-Encoding, Origin";

  private Answers() {}

  /// 200.
  static Mono<Void> json(ServerWebExchange exchange, byte[] body) {
    return write(exchange, HttpStatus.OK, body);
  }

  /// 200, or 304 if the client has this body already.
  static Mono<Void> jsonUnlessKnown(ServerWebExchange exchange, byte[] body, String tag) {
    exchange.getResponse().getHeaders().set(HttpHeaders.ETAG, tag);
    return ResultTag.isNamed(
            exchange.getRequest().getHeaders().getOrEmpty(HttpHeaders.IF_NONE_MATCH), tag)
        ? begin(exchange, HttpStatus.NOT_MODIFIED).setComplete()
        : json(exchange, body);
  }

  /// A flag that could not be evaluated.
  static Mono<Void> failed(ServerWebExchange exchange, String key, ErrorCode error) {
    var status =
        switch (error) {
          case FLAG_NOT_FOUND -> HttpStatus.NOT_FOUND;
          case GENERAL -> HttpStatus.INTERNAL_SERVER_ERROR;
        };
    return write(exchange, status, AnswerWriter.error(key, error.name(), details(key, error)));
  }

  /// A request that could not be served.
  static Mono<Void> refused(ServerWebExchange exchange, Throwable failure, @Nullable String key) {
    if (exchange.getResponse().isCommitted()) {
      return Mono.error(failure);
    }
    return failure instanceof Problem problem
        ? refused(exchange, problem, key)
        : incident(exchange, failure, key);
  }

  static String details(String key, ErrorCode error) {
    return switch (error) {
      case FLAG_NOT_FOUND -> "there is no flag '" + key + "' for this key";
      case GENERAL -> "flag '" + key + "' depends on itself or on too long a chain of flags";
    };
  }

  private static Mono<Void> refused(
      ServerWebExchange exchange, Problem problem, @Nullable String key) {
    ProblemWriter.headers(problem).forEach(exchange.getResponse().getHeaders()::set);
    return write(
        exchange, status(problem), AnswerWriter.error(key, code(problem), problem.detail()));
  }

  private static HttpStatus status(Problem problem) {
    return problem instanceof Problem.Invalid
        ? HttpStatus.BAD_REQUEST // OFREP has no 422
        : ProblemWriter.status(problem);
  }

  private static String code(Problem problem) {
    return switch (problem) {
      case Problem.Malformed _, Problem.TooLarge _, Problem.UnsupportedMedia _ -> "PARSE_ERROR";
      case Problem.Invalid _ -> "INVALID_CONTEXT";
      case Problem.Unauthenticated _,
          Problem.Forbidden _,
          Problem.NotFound _,
          Problem.StaleVersion _,
          Problem.Conflict _,
          Problem.VersionRequired _,
          Problem.TooMany _,
          Problem.Unavailable _ ->
          "GENERAL";
    };
  }

  private static Mono<Void> incident(
      ServerWebExchange exchange, Throwable failure, @Nullable String key) {
    var request = exchange.getRequest();
    LOG.error("Incident {} at {}", request.getId(), request.getPath().value(), failure);
    var details =
        "something went wrong here; the server's log has it under incident " + request.getId();
    return write(
        exchange, HttpStatus.INTERNAL_SERVER_ERROR, AnswerWriter.error(key, "GENERAL", details));
  }

  private static Mono<Void> write(ServerWebExchange exchange, HttpStatus status, byte[] body) {
    var response = begin(exchange, status);
    response.getHeaders().setContentType(MediaType.APPLICATION_JSON);
    response.getHeaders().setContentLength(body.length);
    return response.writeWith(Mono.just(response.bufferFactory().wrap(body)));
  }

  private static ServerHttpResponse begin(ServerWebExchange exchange, HttpStatus status) {
    var response = exchange.getResponse();
    response.setStatusCode(status);
    response.getHeaders().set(HttpHeaders.CACHE_CONTROL, "private, no-cache");
    response.getHeaders().set(HttpHeaders.VARY, VARY);
    BrowserOrigins.expose(exchange.getRequest().getHeaders(), response.getHeaders());
    return response;
  }
}
