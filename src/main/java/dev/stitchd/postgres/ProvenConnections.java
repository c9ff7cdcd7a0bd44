package dev.stitchd.postgres;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.ValidationDepth;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// The open connections of one pool, and which of them have to prove themselves before they are
/// lent: those that nothing was heard of for a while, and all that were not heard of since any
/// connection was found silent. The first that fails has all idle ones prove themselves at the same
/// time, so that whoever waits for a connection waits for two proofs at most. Safe from any thread.
final class ProvenConnections {

  /// What is known of one connection.
  private static final class Known {
    private long heard;
    private boolean lent;
    private @Nullable Mono<Void> proof;
  }

  private final Map<Connection, Known> open = new ConcurrentHashMap<>();
  private final Silence silence;
  private final PostgresSettings settings;
  private final Scheduler timer;

  ProvenConnections(Silence silence, PostgresSettings settings, Scheduler timer) {
    this.silence = silence;
    this.settings = settings;
    this.timer = timer;
  }

  /// Comes before a connection of the pool is lent. Fails with [Unproven] if it does not answer,
  /// once all idle ones have answered or been ended.
  Mono<Void> lending(Connection connection) {
    return Mono.defer(() -> lent(connection))
        .onErrorResume(Unproven.class, failure -> all().then(Mono.error(failure)));
  }

  /// Comes when a connection that has answered all that was asked is given back.
  void returned(Connection connection) {
    var known = open.get(connection);
    if (known != null) {
      synchronized (known) {
        known.heard = silence.now();
        known.lent = false;
      }
    }
  }

  /// Comes when the pool lets go of a connection; ends it.
  Mono<Void> released(Connection connection) {
    return Mono.defer(() -> {
      open.remove(connection);
      return ended(connection);
    });
  }

  /// Ends a connection, whatever it is doing, without waiting for the other side for long.
  Mono<Void> ended(Connection connection) {
    return Mono.defer(() -> Mono.from(connection.close()))
        .timeout(settings.proofWithin(), timer)
        .onErrorComplete();
  }

  private Mono<Void> lent(Connection connection) {
    var known = open.computeIfAbsent(connection, _ -> fresh());
    synchronized (known) {
      known.lent = true;
      if (isOver(connection)) {
        return Mono.error(new Unproven());
      }
      if (known.proof == null && isDoubtful(known)) {
        known.proof = proof(connection, known);
      }
      return known.proof == null ? Mono.empty() : known.proof;
    }
  }

  /// Whether a connection is known to have ended.
  static boolean isOver(Connection connection) {
    return Boolean.FALSE.equals(
        Mono.from(connection.validate(ValidationDepth.LOCAL)).toFuture().getNow(true));
  }

  private Known fresh() {
    var known = new Known();
    known.heard = silence.now();
    return known;
  }

  private boolean isDoubtful(Known known) {
    return silence.isSince(known.heard)
        || silence.now() - known.heard >= settings.doubtAfter().toMillis();
  }

  private Mono<Void> all() {
    return Flux.fromIterable(List.copyOf(open.entrySet()))
        .flatMap(
            connection -> unlent(connection.getKey(), connection.getValue()).onErrorComplete(),
            Math.max(1, open.size()))
        .then();
  }

  /// The proof of a connection that nobody has; one that is lent has other things to answer.
  private Mono<Void> unlent(Connection connection, Known known) {
    synchronized (known) {
      if (known.proof == null && !known.lent && isDoubtful(known)) {
        known.proof = proof(connection, known);
      }
      return known.proof == null ? Mono.empty() : known.proof;
    }
  }

  /// Cached, so that it is made once for all who wait for it.
  private Mono<Void> proof(Connection connection, Known known) {
    return Mono.defer(() -> Mono.from(connection.validate(ValidationDepth.REMOTE)))
        .timeout(settings.proofWithin(), timer)
        .onErrorReturn(false)
        .flatMap(answered -> {
          synchronized (known) {
            known.proof = null;
            known.heard = answered ? silence.now() : known.heard;
          }
          return answered ? Mono.<Void>empty() : unproven(connection);
        })
        .cache();
  }

  private Mono<Void> unproven(Connection connection) {
    silence.found();
    return ended(connection).then(Mono.error(new Unproven()));
  }

  /// A connection that was to be lent does not answer; another one may.
  static final class Unproven extends R2dbcTimeoutException {
    private Unproven() {
      super("an idle connection to PostgreSQL did not answer");
    }
  }
}
