package dev.stitchd.boundary;

import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.RootCause;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;

/// What a failed request is answered: expected problems as they are, anything else as a 500 that
/// carries an incident number and nothing else; the log has the rest. Safe from any thread.
@Component
public final class Failures {

  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

  private final RandomGenerator chance;

  /// @param chance numbers incidents
  public Failures(RandomGenerator chance) {
    this.chance = chance;
  }

  /// How a failed request is refused.
  ///
  /// @param problem what is expected to happen; null for anything else
  /// @param code stable, as in `application/problem+json`
  /// @param headers beside those of every such answer
  /// @param body of the type `application/problem+json`
  @SuppressWarnings("ArrayRecordComponent") // written once, at once
  public record Refusal(
      HttpStatus status,
      @Nullable Problem problem,
      String code,
      String detail,
      Map<String, String> headers,
      byte[] body) {}

  /// The refusal of a request that failed.
  ///
  /// @param path of the request
  public Refusal refusal(Throwable failure, String method, String path) {
    return switch (failure) {
      case Problem problem -> expected(problem, path);
      case DataBufferLimitException _ ->
          expected(new Problem.TooLarge("the request body is larger than this route allows"), path);
      case R2dbcException outage when Outage.isOne(outage) -> unavailable(outage, path);
      // a pool with too many waiting, or that is being closed
      case RejectedExecutionException full -> unavailable(full, path);
      case ResponseStatusException refused -> refused(refused, method, path);
      default -> incident(failure, method, path);
    };
  }

  private static Refusal expected(Problem problem, String path) {
    return new Refusal(
        ProblemWriter.status(problem),
        problem,
        problem.code(),
        problem.detail(),
        ProblemWriter.headers(problem),
        ProblemWriter.body(problem, path));
  }

  private static Refusal unavailable(Throwable failure, String path) {
    LOG.warn(
        "PostgreSQL did not answer for {} ({}); the caller gets 503 and may repeat",
        path,
        RootCause.of(failure));
    return expected(
        new Problem.Unavailable(
            "the configuration store does not answer; try again", Duration.ofSeconds(2), failure),
        path);
  }

  private static Refusal refused(ResponseStatusException refused, String method, String path) {
    var known = HttpStatus.resolve(refused.getStatusCode().value());
    var status = known == null ? HttpStatus.BAD_REQUEST : known;
    var code = status.getReasonPhrase().toLowerCase(Locale.ROOT).replace(' ', '-');
    var detail =
        status == HttpStatus.NOT_FOUND
            ? "there is no route " + method + " " + path
            : status.getReasonPhrase();
    return new Refusal(
        status,
        null,
        code,
        detail,
        refused.getHeaders().toSingleValueMap(),
        ProblemWriter.body(status, code, detail, path));
  }

  private Refusal incident(Throwable failure, String method, String path) {
    var incident = Long.toHexString(chance.nextLong());
    LOG.error(
        "Incident {} at {} {}: an unexpected failure, its caller gets 500; please report it",
        incident,
        method,
        path,
        failure);
    var detail = "something went wrong here; the server's log has it under incident " + incident;
    return new Refusal(
        HttpStatus.INTERNAL_SERVER_ERROR,
        null,
        "internal",
        detail,
        Map.of(),
        ProblemWriter.body(HttpStatus.INTERNAL_SERVER_ERROR, "internal", detail, path));
  }

  /// Tells a store that does not answer from a statement that is wrong.
  private static final class Outage {

    /// PostgreSQL's classes for connection failures, too many connections, shutting down, and lock
    /// or statement timeouts.
    private static final Set<String> STATES =
        Set.of("57P01", "57P02", "57P03", "53300", "55P03", "57014");

    private Outage() {}

    static boolean isOne(R2dbcException failure) {
      var state = failure.getSqlState();
      return failure instanceof R2dbcNonTransientResourceException
          || failure instanceof R2dbcTimeoutException
          || failure instanceof R2dbcTransientException
          || (state != null && (state.startsWith("08") || STATES.contains(state)));
    }
  }
}
