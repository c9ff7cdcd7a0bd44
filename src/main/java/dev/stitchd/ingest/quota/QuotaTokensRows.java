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
      """
      INSERT INTO event_quotas AS q (tenant_id, environment_id, share, per_second, burst, tokens, granted, refilled_at)
      SELECT e.tenant_id, e.id, a.share, a.per_second, a.burst, a.burst - LEAST(a.wanted, a.burst),
             LEAST(a.wanted, a.burst), clock_timestamp()
        FROM unnest($1::uuid[], $2::text[], $3::float8[], $4::float8[], $5::float8[])
               AS a (environment_id, share, wanted, per_second, burst)
        JOIN environments e ON e.id = a.environment_id
       ORDER BY e.id, a.share
      ON CONFLICT (environment_id, share) DO UPDATE SET
        per_second = excluded.per_second,
        burst = excluded.burst,
        granted = LEAST(excluded.granted, LEAST(excluded.burst,
          q.tokens + excluded.per_second * GREATEST(0, EXTRACT(EPOCH FROM clock_timestamp() - q.refilled_at)))),
        tokens = LEAST(excluded.burst, GREATEST(0, LEAST(excluded.burst,
          q.tokens + excluded.per_second * GREATEST(0, EXTRACT(EPOCH FROM clock_timestamp() - q.refilled_at)))
          - excluded.granted)),
        refilled_at = clock_timestamp()
      RETURNING environment_id, share, granted
      """;

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
