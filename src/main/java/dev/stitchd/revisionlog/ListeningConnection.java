package dev.stitchd.revisionlog;

import dev.stitchd.postgres.Session;
import io.r2dbc.postgresql.api.Notification;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;

/// One listening connection, from its opening to its loss.
final class ListeningConnection {

  private static final Logger LOG = LoggerFactory.getLogger(ListeningConnection.class);

  private final Supplier<Mono<PostgresqlConnection>> connections;
  private final Announcer elsewhere;
  private final ChangeFeedSettings settings;
  private final Scheduler timer;
  private final String name = UUID.randomUUID().toString().replace("-", "");
  private final AtomicLong opened = new AtomicLong();

  /// Announces something on another connection than the one that listens: what a connection tells
  /// itself is heard through a pooler that loses what others say.
  interface Announcer {

    /// Completes when PostgreSQL has sent it; fails if it cannot be sent.
    Mono<Void> announce(Function<Session, Mono<Void>> announcement);
  }

  ListeningConnection(
      Supplier<Mono<PostgresqlConnection>> connections,
      Announcer elsewhere,
      ChangeFeedSettings settings,
      Scheduler timer) {
    this.connections = connections;
    this.elsewhere = elsewhere;
    this.settings = settings;
    this.timer = timer;
  }

  /// Opens a connection, listens, and emits a [Announcement.Resync] once it is known to hear, then
  /// what it hears. Always ends with an error: the reason why the connection could not be opened or
  /// was lost, found out by an idle connection's keep-alive at the latest. Cancelling closes the
  /// connection.
  Flux<Announcement> once() {
    return Flux.usingWhen(answered("opening", connections.get()), this::announcements, this::close);
  }

  private Flux<Announcement> announcements(PostgresqlConnection connection) {
    var proof = new Proof("stitchd_" + name + "_" + opened.incrementAndGet());
    return Flux.merge(
        heard(connection, proof), // first, so that nothing said right after LISTEN is missed
        answered("LISTEN", AnnouncementRows.listen(new Session(connection), proof.channel))
            .then(Mono.defer(() -> proven(proof)))
            .<Announcement>thenReturn(new Announcement.Resync())
            .concatWith(keptAlive(connection, proof)));
  }

  private Flux<Announcement> heard(PostgresqlConnection connection, Proof proof) {
    return connection
        .getNotifications()
        .filter(notification -> !proof.is(notification))
        .onBackpressureBuffer(settings.mailbox())
        .mapNotNull(ListeningConnection::understood)
        .concatWith(Mono.error(() -> new IllegalStateException("the connection was closed")));
  }

  /// Completes when this connection hears what is announced on another one, also if that cannot be
  /// tried: another connection that does not work says nothing about this one.
  private Mono<Void> proven(Proof proof) {
    var heard = proof.next();
    return answered(
            "an announcement",
            elsewhere.announce(session -> AnnouncementRows.prove(session, proof.channel)))
        .thenReturn(true)
        .onErrorReturn(false)
        .flatMap(sent -> sent ? inTime(heard) : Mono.empty());
  }

  private Mono<Void> inTime(Mono<Void> heard) {
    return heard
        .timeout(settings.answerWithin(), timer)
        .onErrorMap(
            TimeoutException.class,
            _ ->
                new IllegalStateException(
                    "it hears nothing of what other connections announce, as through a pooler that hands connections round after each transaction; set STITCHD_POSTGRES_LISTEN_URL to an address past it"));
  }

  /// Announcements on a channel of one connection's own, one after another.
  private static final class Proof {

    private final String channel;
    private volatile Sinks.Empty<Void> heard = Sinks.empty();

    private Proof(String channel) {
      this.channel = channel;
    }

    private Mono<Void> next() {
      heard = Sinks.empty();
      return heard.asMono();
    }

    private boolean is(Notification notification) {
      boolean own = notification.getName().equals(channel);
      if (own) {
        var _ = heard.tryEmitEmpty(); // once is enough
      }
      return own;
    }
  }

  private static @Nullable Announcement understood(Notification notification) {
    var announcement = AnnouncementRows.understand(notification.getParameter());
    if (announcement == null) {
      LOG.warn(
          "Ignored a notification on the channel 'stitchd' that no Stitchd sends, so another program uses the channel of this database: {}",
          notification.getParameter());
    }
    return announcement;
  }

  private Flux<Announcement> keptAlive(PostgresqlConnection connection, Proof proof) {
    return Flux.interval(settings.keepAlive(), timer)
        .onBackpressureDrop()
        .concatMap(
            _ ->
                answered("keep-alive", AnnouncementRows.checkAlive(new Session(connection)))
                    .then(Mono.defer(() -> proven(proof)))
                    .then(Mono.empty()),
            1);
  }

  private <T> Mono<T> answered(String what, Mono<T> answer) {
    Duration limit = settings.answerWithin();
    return answer
        .timeout(limit, timer)
        .onErrorMap(
            TimeoutException.class,
            _ -> new IllegalStateException("no answer to " + what + " within " + limit));
  }

  private Publisher<Void> close(PostgresqlConnection connection) {
    return answered("closing", connection.close()).onErrorComplete();
  }
}
