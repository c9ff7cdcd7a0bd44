package dev.stitchd.revisionlog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.postgres.Session;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// Announcements as PostgreSQL carries them. It delivers them to every listening node when the
/// transaction commits, and never if it rolls back; equal announcements of one transaction are
/// delivered once.
final class AnnouncementRows {

  private static final String CHANNEL = "stitchd";
  private static final String NOTIFY = "SELECT pg_notify($1, $2)";
  private static final String LISTEN = "LISTEN " + CHANNEL;
  private static final String ALIVE = "SELECT 1";
  private static final long REMOVED = -1;

  private AnnouncementRows() {}

  /// Announces inside the running transaction of `session`. Completes when PostgreSQL has noted it;
  /// fails as any statement does; on the connection's thread.
  static Mono<Void> announce(Session session, Announcement announcement) {
    return switch (announcement) {
      case Announcement.At(var environment, var revision, var accessVersion) ->
          send(session, environment, revision, accessVersion);
      case Announcement.Removed(var environment) -> send(session, environment, REMOVED, 0);
      case Announcement.Resync _ -> Mono.empty();
    };
  }

  /// Has the connection hear of announcements from now on, and of what is said on a channel of its
  /// own.
  static Mono<Void> listen(Session session, String own) {
    return session.run(LISTEN).then(Mono.defer(() -> session.run("LISTEN " + own))).then();
  }

  /// Says something on a listening connection's own channel.
  static Mono<Void> prove(Session session, String channel) {
    return session.any(NOTIFY, channel, "").then();
  }

  /// Asks whether the connection still lives.
  static Mono<Void> checkAlive(Session session) {
    return session.run(ALIVE).then();
  }

  /// Understands a payload; null if it is not one of ours.
  static @Nullable Announcement understand(@Nullable String payload) {
    var words = payload == null ? new String[0] : payload.split(" ", -1);
    if (words.length != 3) {
      return null;
    }
    try {
      var environment = new EnvironmentId(UUID.fromString(words[0]));
      long revision = Long.parseLong(words[1]);
      long accessVersion = Long.parseLong(words[2]);
      if (revision == REMOVED) {
        return new Announcement.Removed(environment);
      }
      return revision < 0 ? null : new Announcement.At(environment, revision, accessVersion);
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  private static Mono<Void> send(
      Session session, EnvironmentId environment, long revision, long accessVersion) {
    var payload = environment.value() + " " + revision + " " + accessVersion;
    return Mono.defer(() -> session.any(NOTIFY, CHANNEL, payload)).then();
  }
}
