package dev.stitchd.changefeed;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.postgres.Session;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// The doorbell's words, and how a transaction says them. PostgreSQL delivers them to every
/// listening node when the transaction commits, and never if it rolls back; equal announcements of
/// one transaction are delivered once.
public final class Announcement {

  /// The channel that announcements travel on.
  static final String CHANNEL = "stitchd";

  private static final long REMOVED = -1;
  private static final String NOTIFY = "SELECT pg_notify($1, $2)";

  private Announcement() {}

  /// Announces inside the running transaction of `session` that it takes an environment to
  /// `revision` and its keys and settings to `accessVersion`. Completes when PostgreSQL has noted
  /// it; fails as any statement does; on the connection's thread.
  public static Mono<Void> announce(
      Session session, EnvironmentId environment, long revision, long accessVersion) {
    return say(session, environment.value() + " " + revision + " " + accessVersion);
  }

  /// As [#announce], for an environment that this transaction deletes.
  public static Mono<Void> announceRemoval(Session session, EnvironmentId environment) {
    return announce(session, environment, REMOVED, 0);
  }

  /// Understands a payload; null if it is not one of ours.
  static @Nullable Ring understand(@Nullable String payload) {
    var words = payload == null ? new String[0] : payload.split(" ", -1);
    if (words.length != 3) {
      return null;
    }
    try {
      var environment = new EnvironmentId(UUID.fromString(words[0]));
      long revision = Long.parseLong(words[1]);
      long accessVersion = Long.parseLong(words[2]);
      if (revision == REMOVED) {
        return new Ring.Removed(environment);
      }
      return revision < 0 ? null : new Ring.At(environment, revision, accessVersion);
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  private static Mono<Void> say(Session session, String payload) {
    return Mono.defer(() -> session.all(NOTIFY, _ -> CHANNEL, CHANNEL, payload)).then();
  }
}
