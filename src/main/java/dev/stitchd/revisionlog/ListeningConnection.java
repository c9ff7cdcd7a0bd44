package dev.stitchd.revisionlog;

import dev.stitchd.postgres.Session;
import io.r2dbc.postgresql.api.Notification;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// One listening connection, from its opening to its loss.
final class ListeningConnection {

  private static final Logger LOG = LoggerFactory.getLogger(ListeningConnection.class);

  private final Supplier<Mono<PostgresqlConnection>> connections;
  private final ChangeFeedSettings settings;
  private final Scheduler timer;

  ListeningConnection(
      Supplier<Mono<PostgresqlConnection>> connections,
      ChangeFeedSettings settings,
      Scheduler timer) {
    this.connections = connections;
    this.settings = settings;
    this.timer = timer;
  }

  /// Opens a connection, listens, and emits a [Announcement.Resync] once it hears, then what it
  /// hears. Always ends with an error: the reason why the connection could not be opened or was
  /// lost, found out by an idle connection's keep-alive at the latest. Cancelling closes the
  /// connection.
  Flux<Announcement> once() {
    return Flux.usingWhen(answered("opening", connections.get()), this::announcements, this::close);
  }

  private Flux<Announcement> announcements(PostgresqlConnection connection) {
    return Flux.merge(
        heard(connection), // first, so that nothing said right after LISTEN is missed
        answered("LISTEN", AnnouncementRows.listen(new Session(connection)))
            .thenReturn(new Announcement.Resync()),
        keptAlive(connection));
  }

  private Flux<Announcement> heard(PostgresqlConnection connection) {
    return connection
        .getNotifications()
        .onBackpressureBuffer(settings.mailbox())
        .mapNotNull(ListeningConnection::understood)
        .concatWith(Mono.error(() -> new IllegalStateException("the connection was closed")));
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

  private Flux<Announcement> keptAlive(PostgresqlConnection connection) {
    return Flux.interval(settings.keepAlive(), timer)
        .onBackpressureDrop()
        .concatMap(
            _ ->
                answered("keep-alive", AnnouncementRows.checkAlive(new Session(connection)))
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
