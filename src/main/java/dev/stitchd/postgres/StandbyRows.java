package dev.stitchd.postgres;

import dev.stitchd.kernel.Problem;
import java.time.Duration;
import java.util.Collection;
import reactor.core.publisher.Mono;

/// What a server in recovery lacks says nothing: it may be behind.
public final class StandbyRows {

  private static final String IN_RECOVERY = "SELECT pg_is_in_recovery() AS standby";
  private static final Duration RETRY = Duration.ofSeconds(2);

  private StandbyRows() {}

  /// Fails with [Problem.Unavailable] if nothing was found and whoever was asked may not have it
  /// yet.
  public static Mono<Void> refuseIfNothing(Session session, Collection<?> found) {
    return found.isEmpty() ? refuse(session) : Mono.empty();
  }

  /// Fails with [Problem.Unavailable] if the server is in recovery.
  public static Mono<Void> refuse(Session session) {
    return session
        .one(IN_RECOVERY, row -> Columns.bool(row, "standby"))
        .filter(standby -> standby)
        .flatMap(_ ->
            Mono.error(() ->
                new Problem.Unavailable(
                    "a standby answers, which may not have this yet; try again", RETRY)));
  }
}
