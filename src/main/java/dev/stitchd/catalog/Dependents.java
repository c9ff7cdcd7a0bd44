package dev.stitchd.catalog;

import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Columns;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.revisionlog.PublishedRuleset;
import dev.stitchd.ruleset.ItemName;
import dev.stitchd.ruleset.RulesetCheck;
import dev.stitchd.ruleset.Usage;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.node.ObjectNode;

/// Who depends on a flag or a segment. Each publisher emits one value or fails with a
/// [dev.stitchd.kernel.Problem], on an R2DBC event loop.
@Component
public final class Dependents {

  private record Environment(UUID id, String key) {}

  private final Transactions transactions;

  Dependents(Transactions transactions) {
    this.transactions = transactions;
  }

  /// Every place that names a flag, in all environments of its project.
  public Mono<ObjectNode> ofFlag(TenantId tenant, String project, String flag) {
    return transactions.inTenant(
        tenant,
        session ->
            Lookup.project(session, tenant, project)
                .flatMap(id ->
                    FlagRow.find(session, tenant, id, flag)
                        .then(Mono.defer(() -> environments(session, tenant, id))))
                .flatMapIterable(environments -> environments)
                .concatMap(environment -> usages(session, tenant, environment, ItemName.flag(flag)))
                .collectList()
                .map(Dependents::answer));
  }

  /// Every place that names a segment, in its environment.
  public Mono<ObjectNode> ofSegment(TenantId tenant, SegmentPath path) {
    return transactions.inTenant(
        tenant,
        session ->
            SegmentListRows.find(session, tenant, path)
                .map(list -> new Environment(list.environment(), path.environment()))
                .flatMapMany(environment ->
                    usages(session, tenant, environment, ItemName.segment(path.segment())))
                .collectList()
                .map(Dependents::answer));
  }

  private static Mono<List<Environment>> environments(
      Session session, TenantId tenant, UUID project) {
    return session.all(
        "SELECT id, key FROM environments WHERE tenant_id = $1 AND project_id = $2 ORDER BY key",
        row -> new Environment(Columns.uuid(row, "id"), Columns.text(row, "key")),
        tenant.value(),
        project);
  }

  private static Flux<ObjectNode> usages(
      Session session, TenantId tenant, Environment environment, ItemName item) {
    return PublishedRuleset.load(session, tenant, new EnvironmentId(environment.id()))
        .flatMapIterable(ruleset -> RulesetCheck.usagesOf(ruleset, item))
        .map(usage -> usage(environment.key(), usage));
  }

  private static ObjectNode usage(String environment, Usage usage) {
    return Json.object()
        .put("environment", environment)
        .put("kind", usage.user().kind().name().toLowerCase(Locale.ROOT))
        .put("key", usage.user().key())
        .put("path", usage.path());
  }

  private static ObjectNode answer(List<ObjectNode> usages) {
    var answer = Json.object();
    answer.putArray("items").addAll(usages);
    return answer;
  }
}
