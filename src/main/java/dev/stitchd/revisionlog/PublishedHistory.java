package dev.stitchd.revisionlog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.EnvironmentSettings;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.ruleset.Ruleset;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/// What was published in an environment at a revision, out of the log.
@Component
public final class PublishedHistory {

  /// An environment and the revision that it has now.
  ///
  /// @param settings as they are now
  public record Position(EnvironmentId environment, long revision, EnvironmentSettings settings) {

    /// @throws Problem.NotFound for a revision that the environment has not had yet
    public void check(long asked) {
      if (asked > revision) {
        throw new Problem.NotFound(
            "the environment is at revision %d; there is no revision %d yet"
                .formatted(revision, asked));
      }
    }
  }

  private final Transactions transactions;

  PublishedHistory(Transactions transactions) {
    this.transactions = transactions;
  }

  /// Where an environment stands; [Problem.NotFound] if there is none.
  public Mono<Position> position(TenantId tenant, String project, String environment) {
    return transactions
        .inTenant(
            tenant, session -> RevisionLogRows.position(session, tenant, project, environment))
        .switchIfEmpty(
            Mono.error(() ->
                new Problem.NotFound(
                    "there is no environment '%s' in a project '%s'"
                        .formatted(environment, project))));
  }

  /// All that was published at a revision that the environment has had; [Problem.NotFound] if it is
  /// older than what the log still holds.
  public Mono<Ruleset> at(TenantId tenant, EnvironmentId environment, long revision) {
    return transactions.inTenant(
        tenant,
        session ->
            RevisionLogRows.at(session, tenant, environment, revision)
                .delayUntil(_ -> known(session, tenant, environment, revision)));
  }

  /// As the other, in a transaction of its own.
  public Mono<Void> known(TenantId tenant, EnvironmentId environment, long revision) {
    return transactions
        .inTenant(tenant, session -> known(session, tenant, environment, revision))
        .then();
  }

  /// Completes if what was published at a revision is known; [Problem.NotFound] if it is older than
  /// what the log still holds. Asked after the log was read, so that it covers whatever the log had
  /// lost by then.
  public static Mono<Long> known(
      Session session, TenantId tenant, EnvironmentId environment, long revision) {
    return RevisionLogRows.pruned(session, tenant, environment)
        .filter(oldest -> revision < oldest)
        .flatMap(oldest -> Mono.error(() -> Problem.NotFound.pruned(revision, oldest)));
  }
}
