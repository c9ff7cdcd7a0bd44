package dev.stitchd.catalog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.ruleset.Ruleset;
import io.r2dbc.spi.Readable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/// What was published in an environment at a revision, out of the log.
@Component
public final class PublishedHistory {

  private static final String POSITION =
      """
      SELECT e.id, e.revision, e.settings::text AS settings
        FROM environments e JOIN projects p ON p.tenant_id = e.tenant_id AND p.id = e.project_id
       WHERE e.tenant_id = $1 AND p.key = $2 AND e.key = $3
      """;

  /// An environment and the revision that it has now.
  ///
  /// @param settings as they are now
  public record Position(EnvironmentId environment, long revision, JsonNode settings) {}

  private final Transactions transactions;

  PublishedHistory(Transactions transactions) {
    this.transactions = transactions;
  }

  /// Where an environment stands; [Problem.NotFound] if there is none.
  public Mono<Position> position(TenantId tenant, String project, String environment) {
    return transactions.inTenant(
        tenant,
        session ->
            session
                .one(POSITION, PublishedHistory::position, tenant.value(), project, environment)
                .switchIfEmpty(
                    Mono.error(() ->
                        new Problem.NotFound(
                            "there is no environment '%s' in a project '%s'"
                                .formatted(environment, project)))));
  }

  /// All that was published at a revision that the environment has had.
  public Mono<Ruleset> at(TenantId tenant, EnvironmentId environment, long revision) {
    return transactions.inTenant(
        tenant, session -> PublishedRuleset.at(session, tenant, environment, revision));
  }

  private static Position position(Readable row) {
    return new Position(
        new EnvironmentId(Columns.uuid(row, "id")),
        Columns.number(row, "revision"),
        Columns.json(row, "settings"));
  }
}
