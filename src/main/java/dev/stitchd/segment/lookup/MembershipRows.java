package dev.stitchd.segment.lookup;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.postgres.Lender;
import dev.stitchd.segment.Memberships.Listing;
import io.r2dbc.spi.Readable;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// Lists in PostgreSQL, read with the rights of the SDK plane and scoped by the environment.
@Component
final class MembershipRows implements JoinedMemberships.Store {

  /// The generation comes from the row that flips, in the same statement: never from what a
  /// snapshot remembers, whose generation may be on its way out.
  static final String LISTINGS =
      """
      SELECT l.segment_key, m.context_key, m.included
        FROM segment_lists l
        JOIN segment_list_members m ON m.generation = l.generation
       WHERE l.environment_id = $1 AND l.segment_key = ANY ($2) AND m.context_key = ANY ($3)\
      """;

  private final Lender reader;

  MembershipRows(@Qualifier("readerLender") Lender reader) {
    this.reader = reader;
  }

  @Override
  public Mono<Void> find(
      EnvironmentId environment, Set<String> segments, Set<String> keys, Consumer<Listing> found) {
    return reader.session(session ->
        session.each(
            LISTINGS,
            MembershipRows::listing,
            found,
            environment.value(),
            segments.toArray(String[]::new),
            keys.toArray(String[]::new)));
  }

  private static Listing listing(Readable row) {
    return new Listing(
        Objects.requireNonNull(row.get(0, String.class)),
        Objects.requireNonNull(row.get(1, String.class)),
        Objects.requireNonNull(row.get(2, Boolean.class)));
  }
}
