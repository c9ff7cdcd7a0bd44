package dev.stitchd.catalog.flag;

import dev.stitchd.catalog.flag.DependentRows.Place;
import dev.stitchd.kernel.EnvironmentId;
import dev.stitchd.kernel.Json;
import dev.stitchd.kernel.Problem;
import dev.stitchd.kernel.TenantId;
import dev.stitchd.postgres.Session;
import dev.stitchd.postgres.Transactions;
import dev.stitchd.resource.LookupRows;
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

/// Who depends on a flag or a segment. Each publisher emits one value or fails with a [Problem], on
/// an R2DBC event loop.
@Component
public final class Dependents {

  private final Transactions transactions;

  Dependents(Transactions transactions) {
    this.transactions = transactions;
  }

  /// Every place that names a flag, in all environments of its project.
  public Mono<ObjectNode> ofFlag(TenantId tenant, String project, String flag) {
    return transactions.inTenant(
        tenant,
        session ->
            LookupRows.project(session, tenant, project)
                .delayUntil(id -> FlagRows.find(session, tenant, id, flag))
                .flatMapMany(id -> ofFlag(session, tenant, id, flag))
                .collectList()
                .map(Dependents::answer));
  }

  /// Every place that names a segment, in its environment.
  public Mono<ObjectNode> ofSegment(
      TenantId tenant, String project, String environment, String segment) {
    return transactions.inTenant(
        tenant,
        session ->
            LookupRows.environment(session, tenant, project, environment)
                .map(id -> new Place(new EnvironmentId(id), environment))
                .filterWhen(place ->
                    DependentRows.hasSegment(session, tenant, place.environment(), segment))
                .switchIfEmpty(Mono.error(() -> noSegment(segment)))
                .flatMapMany(place -> usages(session, tenant, place, ItemName.segment(segment)))
                .collectList()
                .map(Dependents::answer));
  }

  private static Flux<ObjectNode> ofFlag(
      Session session, TenantId tenant, UUID project, String flag) {
    return DependentRows.environments(session, tenant, project)
        .flatMapIterable(places -> places)
        .concatMap(place -> usages(session, tenant, place, ItemName.flag(flag)));
  }

  private static Flux<ObjectNode> usages(
      Session session, TenantId tenant, Place place, ItemName item) {
    return PublishedRuleset.load(session, tenant, place.environment())
        .flatMapIterable(ruleset -> RulesetCheck.usagesOf(ruleset, item))
        .map(usage -> usage(place.key(), usage));
  }

  private static Problem noSegment(String segment) {
    return new Problem.NotFound("there is no segment '" + segment + "' in this environment");
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
