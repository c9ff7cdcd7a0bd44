package dev.stitchd.segment.lookup;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.postgres.Lender;
import dev.stitchd.postgres.Replica;
import dev.stitchd.postgres.Session;
import dev.stitchd.segment.ListChanges;
import dev.stitchd.segment.Memberships.Listing;
import io.r2dbc.spi.Readable;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Lists in PostgreSQL, read with the rights of the SDK plane, which reach no further than the
/// environment that is asked about.
@Component
final class MembershipRows implements JoinedMemberships.Store {

  /// The reader's one way to members, of one environment. There the generation comes from the row
  /// that flips, in the same statement as the members: never from what a snapshot remembers, whose
  /// generation may be on its way out.
  private static final String LISTINGS =
      "SELECT segment_key, context_key, included FROM stitchd_segment_list_members($1, $2, $3)";

  private final Lender reader;
  private final Replica replica;
  private final ListChanges changes;
  private final Duration onReplica;

  MembershipRows(
      @Qualifier("readerLender") Lender reader,
      Replica replica,
      ListChanges changes,
      MembershipSettings settings) {
    this.reader = reader;
    this.replica = replica;
    this.changes = changes;
    this.onReplica = settings.answerWithin().dividedBy(2); // and the other half for the primary
  }

  /// Asks a replica that has what this node knows to have changed; the primary if there is none.
  @Override
  public Mono<Void> find(
      EnvironmentId environment, Set<String> segments, Set<String> keys, Consumer<Listing> found) {
    return Mono.defer(() -> {
      var begun = new AtomicBoolean();
      return replica
          .session(
              changes.last(environment),
              onReplica,
              session ->
                  find(
                      session,
                      environment,
                      segments,
                      keys,
                      listing -> {
                        begun.set(true);
                        found.accept(listing);
                      }))
          .onErrorResume(failure ->
              begun.get()
                  ? Mono.error(failure)
                  : reader.session(session -> find(session, environment, segments, keys, found)));
    });
  }

  private static Mono<Void> find(
      Session session,
      EnvironmentId environment,
      Set<String> segments,
      Set<String> keys,
      Consumer<Listing> found) {
    return session.each(
        LISTINGS,
        MembershipRows::listing,
        found,
        environment.value(),
        segments.toArray(String[]::new),
        keys.toArray(String[]::new));
  }

  private static Listing listing(Readable row) {
    return new Listing(
        Objects.requireNonNull(row.get(0, String.class)),
        Objects.requireNonNull(row.get(1, String.class)),
        Objects.requireNonNull(row.get(2, Boolean.class)));
  }
}
