package dev.stitchd.ingest.quota;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Reader;
import io.r2dbc.spi.Readable;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.UUID;
import java.util.function.ToDoubleFunction;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// [QuotaTokens] in PostgreSQL, by its clock, so that the nodes' clocks do not matter. A bucket's
/// row is locked while it is counted; rows are locked in one order, so that nodes never wait for
/// each other in a circle.
@Component
final class QuotaTokensRows implements QuotaTokens {

  private static final String LEASE =
      "SELECT environment_id, share, granted FROM stitchd_lease_event_tokens($1, $2, $3, $4, $5)";

  private final Reader reader;

  QuotaTokensRows(Reader reader) {
    this.reader = reader;
  }

  @Override
  public Mono<List<Lease>> lease(Collection<Ask> asks) {
    return asks.isEmpty()
        ? Mono.just(List.of())
        : reader.read(session ->
            session.all(
                LEASE,
                QuotaTokensRows::granted,
                asks.stream().map(a -> a.bucket().environment().value()).toArray(UUID[]::new),
                asks.stream().map(a -> wire(a.bucket().share())).toArray(String[]::new),
                numbers(asks, Ask::wanted),
                numbers(asks, Ask::perSecond),
                numbers(asks, Ask::burst)));
  }

  private static Double[] numbers(Collection<Ask> asks, ToDoubleFunction<Ask> of) {
    return asks.stream().map(of::applyAsDouble).toArray(Double[]::new);
  }

  private static String wire(Share share) {
    return share.name().toLowerCase(Locale.ROOT);
  }

  private static Lease granted(Readable row) {
    var share = Share.valueOf(Columns.text(row, "share").toUpperCase(Locale.ROOT));
    return new Lease(
        new Bucket(new EnvironmentId(Columns.uuid(row, "environment_id")), share),
        Objects.requireNonNull(row.get("granted", Double.class), "granted"));
  }
}
