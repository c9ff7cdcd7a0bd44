package dev.stitchd.postgres;

import dev.stitchd.kernel.Problem;
import io.r2dbc.spi.ConnectionFactory;
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

  private final ConnectionFactory reader;

  /// @param reader connects as the role that reads what SDKs are told
  public Reader(@Qualifier("reader") ConnectionFactory reader) {
    this.reader = reader;
  }

  /// What `work` answers, on a connection that is given back. Fails with [Problem.Unavailable] if
  /// the store does not answer; on an R2DBC event loop.
  public <T> Mono<T> read(Function<Session, Mono<T>> work) {
    return LeasedConnection.session(reader, work)
        .onErrorMap(
            failure ->
                failure instanceof R2dbcException || failure instanceof RejectedExecutionException,
            outage ->
                new Problem.Unavailable(
                    "the configuration store does not answer; try again", RETRY_AFTER, outage));
  }
}
