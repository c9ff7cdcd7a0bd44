package dev.stitchd.postgres;

import dev.stitchd.kernel.Problem;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Single statements with the rights of the SDK plane, each scoped by environment.
@Component
public final class Reader {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private final Lender reader;

  /// @param reader lends connections of the role that reads what SDKs are told
  public Reader(@Qualifier("readerLender") Lender reader) {
    this.reader = reader;
  }

  /// What `work` answers, on a connection that is given back. Fails with [Problem.Unavailable] if
  /// the store does not answer; on an R2DBC event loop.
  public <T> Mono<T> read(Function<Session, Mono<T>> work) {
    return reader
        .session(work)
        .onErrorMap(
            failure ->
                failure instanceof R2dbcException || failure instanceof RejectedExecutionException,
            outage ->
                new Problem.Unavailable(
                    "the configuration store does not answer; try again", RETRY_AFTER, outage));
  }
}
