package dev.stitchd.audit;

import dev.stitchd.kernel.TenantId;
import dev.stitchd.permission.Grants;
import dev.stitchd.postgres.Transactions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Reads a tenant's audit log, the newest first. Publishers emit on R2DBC event loops.
@Component
public final class AuditLog {

  /// How long a page is filled. A filter that hardly anything passes makes a page that is short,
  /// and goes on behind what was looked through.
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private static final int EXPORTED_TOGETHER = 100;

  /// Some entries, in order.
  ///
  /// @param next behind what is looked for next; null if there is no more
  public record Part(List<AuditEntry> entries, AuditEntry.@Nullable Place next) {

    private Part and(Part more) {
      var both = new ArrayList<>(entries);
      both.addAll(more.entries());
      return new Part(both, more.next());
    }
  }

  private final Transactions transactions;
  private final Clock clock;

  AuditLog(Transactions transactions, Clock clock) {
    this.transactions = transactions;
    this.clock = clock;
  }

  /// A page of at most `limit` entries.
  ///
  /// @param grants of whom asks: who does not administer the tenant sees the entries of the
  ///   projects and environments that they have a role in
  /// @param after where the page before ended
  public Mono<Part> page(
      TenantId tenant, Grants grants, AuditFilter filter, AuditEntry.Place after, int limit) {
    return Mono.defer(() -> {
      var end = clock.instant().plus(PATIENCE);
      return part(tenant, grants, filter, after, limit)
          .expand(part -> {
            var next = part.next();
            return next == null || part.entries().size() >= limit || clock.instant().isAfter(end)
                ? Mono.empty()
                : part(tenant, grants, filter, next, limit - part.entries().size()).map(part::and);
          })
          .last();
    });
  }

  /// Everything from there on, part by part, each read when it is asked for, so that a slow reader
  /// costs nothing. Some parts may be empty.
  public Flux<List<AuditEntry>> export(
      TenantId tenant, Grants grants, AuditFilter filter, AuditEntry.Place after) {
    return part(tenant, grants, filter, after, EXPORTED_TOGETHER)
        .expand(part -> {
          var next = part.next();
          return next == null
              ? Mono.empty()
              : part(tenant, grants, filter, next, EXPORTED_TOGETHER);
        })
        .map(Part::entries);
  }

  private Mono<Part> part(
      TenantId tenant, Grants grants, AuditFilter filter, AuditEntry.Place after, int limit) {
    return transactions.inTenant(
        tenant, session -> AuditRows.part(session, tenant, grants, filter, after, limit));
  }
}
