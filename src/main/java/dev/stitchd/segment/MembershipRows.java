package dev.stitchd.segment;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.segment.Memberships.Listing;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Readable;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.reactivestreams.Publisher;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/// Lists in PostgreSQL, read with the rights of the SDK plane and scoped by the environment.
@Component
final class MembershipRows {

  /// The generation comes from the row that flips, in the same statement: never from what a
  /// snapshot remembers, whose generation may be on its way out.
  static final String LISTINGS =
      """
      SELECT l.segment_key, m.context_key, m.included
        FROM segment_lists l
        JOIN segment_list_members m ON m.generation = l.generation
       WHERE l.environment_id = $1 AND l.segment_key = ANY ($2) AND m.context_key = ANY ($3)\
      """;

  /// A connection with the time at which it began to serve one question, in milliseconds.
  private record Asked(Connection connection, long since) {}

  private final ConnectionFactory reader;
  private final Scheduler timer;
  private final int mostListings;
  private final Duration stuckAfter;

  MembershipRows(
      @Qualifier("reader") ConnectionFactory reader,
      @Qualifier("timer") Scheduler timer,
      MembershipSettings settings) {
    this.reader = reader;
    this.timer = timer;
    this.mostListings = settings.listings();
    this.stuckAfter = settings.answerWithin().dividedBy(2);
  }

  /// One statement. Cancelling it gives the connection back, or closes it if PostgreSQL had it for
  /// so long without an answer that the next question would wait behind this one.
  Mono<List<Listing>> find(
      EnvironmentId environment, Collection<String> segments, Collection<String> keys) {
    return Mono.usingWhen(
        Mono.from(reader.create()).map(connection -> new Asked(connection, now())),
        asked -> rows(asked.connection(), environment, segments, keys),
        asked -> asked.connection().close(),
        (asked, _) -> asked.connection().close(),
        this::abandoned);
  }

  private Mono<List<Listing>> rows(
      Connection connection,
      EnvironmentId environment,
      Collection<String> segments,
      Collection<String> keys) {
    var statement =
        connection
            .createStatement(LISTINGS)
            .bind(0, environment.value())
            .bind(1, segments.toArray(String[]::new))
            .bind(2, keys.toArray(String[]::new));
    return Flux.from(statement.execute())
        .concatMap(result -> result.map(MembershipRows::listing))
        .collect(ArrayList<Listing>::new, this::add)
        .map(list -> list);
  }

  private void add(List<Listing> list, Listing listing) {
    if (list.size() == mostListings) {
      throw new Problem.TooLarge(
          "these keys are on more than " + mostListings + " lists together; ask for fewer at once");
    }
    list.add(listing);
  }

  private static Listing listing(Readable row) {
    return new Listing(
        Objects.requireNonNull(row.get(0, String.class)),
        Objects.requireNonNull(row.get(1, String.class)),
        Objects.requireNonNull(row.get(2, Boolean.class)));
  }

  private Publisher<Void> abandoned(Asked asked) {
    var returned = asked.connection().close();
    boolean stuck = now() - asked.since() >= stuckAfter.toMillis();
    return stuck
            && asked.connection() instanceof Wrapped<?> pooled
            && pooled.unwrap() instanceof Connection physical
        ? Mono.from(physical.close()).onErrorComplete().then(Mono.from(returned))
        : returned;
  }

  private long now() {
    return timer.now(TimeUnit.MILLISECONDS);
  }
}
