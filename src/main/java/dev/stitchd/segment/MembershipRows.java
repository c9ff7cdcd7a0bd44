package dev.stitchd.segment;

import dev.stitchd.catalog.Borrowed;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.segment.Memberships.Listing;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.Readable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

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
  private final ConnectionFactory reader;

  private final int mostListings;

  MembershipRows(@Qualifier("reader") ConnectionFactory reader, MembershipSettings settings) {
    this.reader = reader;
    this.mostListings = settings.listings();
  }

  /// One statement; cancelling it ends its connection.
  Mono<List<Listing>> find(
      EnvironmentId environment, Collection<String> segments, Collection<String> keys) {
    return Borrowed.with(reader, connection -> rows(connection, environment, segments, keys));
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
}
